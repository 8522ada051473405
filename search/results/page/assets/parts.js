// Charts of one design: where its energy goes, its layers, its spread over chips, its age.
function energyChart(element, group, place) {
  const {layers, components, energy} = group.breakdown;
  const own = energy[place].map((value) => value ?? 0);
  const at = (i, j) => own[i * components.length + j];
  const total = own.reduce((a, b) => a + b, 0);
  const rows = layers.map((_, i) => i).filter((i) => components.some((_, j) => at(i, j) > 0));
  const [factor, unit] = suited(
    rows.map((i) => components.reduce((sum, _, j) => sum + at(i, j), 0)),
    "pJ",
  );
  const traces = components
    .map((name, j) => ({
      name: escaped(words(name)),
      type: "bar",
      orientation: "h",
      y: rows.map((i) => escaped(layers[i])),
      x: rows.map((i) => factor * at(i, j)),
      marker: {color: tint(j), pattern: {shape: fill(j)}, line: EDGE},
      customdata: rows.map((i) => at(i, j) / total),
      hovertemplate: `%{y}, %{fullData.name}: %{x:.3g} ${unit}, %{customdata:.1%} of all<extra></extra>`,
    }))
    .filter((trace) => trace.x.some((value) => value > 0));
  draw(element, traces, {
    height: legendRoom(element, traces.length) + 60 + 34 * rows.length,
    barmode: "stack",
    yaxis: {autorange: "reversed", type: "category"},
    xaxis: {title: {text: `energy of one inference [${unit}]`}},
    legend: LEGEND,
    margin: {t: legendRoom(element, traces.length)},
  });
}

function layersChart(element, group, row, place) {
  const {layers, components, energy} = group.breakdown;
  const sums = layers.map((_, i) => components.reduce((sum, _, j) => sum + (energy[place][i * components.length + j] ?? 0), 0));
  const told = (name) => layers.map((layer) => group.value(row, `${name}[${layer}]`));
  const [factor, unit] = suited(sums, "pJ");
  const bits = group.parameters.map((p) => p.name).filter((name) => name.endsWith("_bits"));
  const panels = [
    [`energy [${unit}]`, [["energy", sums.map((value) => factor * value)]]],
    ["rate [per step]", ["input_rate", "output_rate", "weight_density"].map((name) => [name, told(name)])],
    ["bits", bits.map((name) => [name, told(name)])],
  ]
    .map(([title, lists]) => [title, lists.filter(([, values]) => values.some((value) => value !== null))])
    .filter(([, lists]) => lists.length);
  const layout = {
    height: 125 * panels.length + legendRoom(element, 5) + 40,
    barmode: "group",
    legend: LEGEND,
    grid: {rows: panels.length, columns: 1, pattern: "independent", roworder: "top to bottom", ygap: 0.12},
    margin: {t: legendRoom(element, 5)},
  };
  const traces = [];
  panels.forEach(([title, lists], panel) => {
    const tail = panel ? String(panel + 1) : "";
    layout[`yaxis${tail}`] = {title: {text: title}, rangemode: "tozero"};
    layout[`xaxis${tail}`] = {type: "category", matches: panel ? "x" : undefined, showticklabels: panel === panels.length - 1};
    for (const [name, values] of lists)
      traces.push({
        name: words(name),
        type: "bar",
        x: layers.map(escaped),
        y: values,
        xaxis: `x${tail}`,
        yaxis: `y${tail}`,
        marker: {color: tint(traces.length), line: EDGE},
        hovertemplate: "%{x}, %{fullData.name}: %{y:.3g}<extra></extra>",
      });
  });
  draw(element, traces, layout);
}

// the design beside those that are recommended
function beside(group, row) {
  const rows = [row, ...group.picks.map((pick) => pick.row)].filter((each) => each !== null && group.place.has(each));
  return [...new Set(rows)];
}

function chipsChart(element, group, row) {
  const rows = beside(group, row);
  const names = rows.map((each) => escaped(group.title(each)).replace(" (", "<br>("));
  const points = rows.flatMap((each, i) =>
    (group.chip_errors[group.place.get(each)] ?? []).map((error, chip) => [names[i], 100 * error, chip]),
  );
  const traces = [
    {
      name: "one chip",
      type: "scatter",
      mode: "markers",
      x: points.map((p) => p[0]),
      y: points.map((p) => p[1]),
      customdata: points.map((p) => p[2]),
      marker: {color: tint(7), size: 6, opacity: 0.6},
      hovertemplate: "%{x}, chip %{customdata}: %{y:.2f} %<extra></extra>",
    },
    {
      name: "mean ± standard deviation",
      type: "scatter",
      mode: "markers",
      x: names,
      y: rows.map((each) => 100 * group.value(each, "error_mean")),
      error_y: {array: rows.map((each) => 100 * group.value(each, "error_std")), thickness: 2, width: 6},
      marker: {color: tint(1), size: 10, symbol: "diamond"},
      hovertemplate: "%{x}: %{y:.2f} %<extra></extra>",
    },
  ].filter((trace) => trace.x.length);
  draw(element, traces, {
    height: 300,
    xaxis: {type: "category"},
    yaxis: {title: {text: "test error of a chip [%]"}, rangemode: "tozero"},
  });
}

const AGES = {
  error_mean: ["fresh", "error_std"],
  error_1h: ["an hour", "error_1h_std"],
  error_1d: ["a day", "error_1d_std"],
  error_30d: ["a month", "error_30d_std"],
};

function agesOf(group, row) {
  return Object.entries(AGES)
    .map(([column, [age, spread]]) => [age, group.value(row, column), group.value(row, spread), group.value(row, `${column}_recalibrated`)])
    .filter(([, error]) => error !== null);
}

function ageingChart(element, group, row) {
  const traces = beside(group, row).map((each, i) => {
    const ages = agesOf(group, each);
    return {
      name: escaped(group.title(each)),
      type: "scatter",
      mode: "lines+markers",
      x: ages.map(([age]) => age),
      y: ages.map(([, error]) => 100 * error),
      error_y: {array: ages.map(([, , spread]) => 100 * (spread ?? 0)), thickness: 1, width: 3},
      line: {color: tint([1, 0, 2, 5][i] ?? i)},
      hovertemplate: "%{fullData.name}, %{x}: %{y:.2f} %<extra></extra>",
    };
  });
  draw(element, traces, {
    height: 300,
    xaxis: {type: "category", title: {text: "time after programming"}},
    yaxis: {title: {text: "test error [%]"}, rangemode: "tozero"},
  });
}
