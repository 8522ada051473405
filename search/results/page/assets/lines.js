// Where each design stands on each axis of the parallel coordinates: from 0 at the bottom to 1 at the top.
function linesOf(group) {
  const lines = new Map();
  const add = (column, label, values, log, told) => {
    const known = values.filter((value) => value !== null && value !== undefined);
    if (new Set(known).size < 2) return;
    if (typeof known[0] === "string") {
      const names = [...new Set(known)].sort();
      lines.set(column, {
        label,
        places: values.map((v) => names.indexOf(v) / (names.length - 1)),
        marks: names.map((name, i) => [i / (names.length - 1), name]),
      });
      return;
    }
    const [low, high] = known.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    const even = log && low > 0 ? Math.log : (v) => v;
    const place = (v) => (v === null ? NaN : (even(v) - even(low)) / (even(high) - even(low)));
    const few = [...new Set(known)].sort((a, b) => a - b);
    const marks = few.length <= 6 ? few : [low, high];
    lines.set(column, {label, places: values.map(place), marks: marks.map((v) => [place(v), told(v)])});
  };
  for (const parameter of group.parameters)
    for (const column of parameter.columns)
      add(
        column,
        parameter.columns.length === 1 ? parameter.label : words(column).replace("[", " ["),
        group.columns[column],
        parameter.columns.length === 1,
        (v) => setting(v, parameter.gate),
      );
  for (const axis of group.axes.filter((_, i) => i < Math.max(group.objectives, 2)))
    add(axis.column, axis.label, group.columns[axis.column], axis.log, (v) => digits(axis.factor * v));
  return lines;
}
