// The front: any objective against any other; every point is a design.
const LOOKS = {
  out: {name: "breaks a bound", symbol: "x-thin-open", size: 7, colour: () => DATA.colours[3]},
  beaten: {name: "beaten by another", symbol: "circle-open", size: 7, colour: () => DATA.colours[7]},
  front: {name: "on the front", symbol: "circle", size: 9, colour: () => (DARK.matches && !printing ? DATA.colours[4] : DATA.colours[0])},
};

class Front {
  constructor(group, choose) {
    this.group = group;
    [this.x, this.y] = [group.x, group.y];
    this.chart = make("div", {
      class: "chart tall",
      tabindex: 0,
      role: "application",
      "aria-label": LABEL,
      onkeydown: (event) => this.walk(event, choose),
    });
    this.choose = choose;
    this.element = make("div", {class: "front"}, this.controls(), this.chart);
  }

  controls() {
    const select = (which) =>
      make(
        "select",
        {
          "aria-label": `${which} axis`,
          onchange: (event) => {
            this[which] = event.target.value;
            this.draw(this.selected);
          },
        },
        ...this.group.axes.map((axis) => make("option", {value: axis.column, selected: axis.column === this[which]}, axis.name)),
      );
    return make("p", {class: "controls"}, "Upwards ", select("y"), " against ", select("x"));
  }

  draw(selected) {
    this.selected = selected;
    const {group} = this;
    const [x, y] = [group.axis[this.x], group.axis[this.y]];
    const rows = group.rows().filter((row) => group.visible(row));
    const parts = Object.keys(LOOKS).map((state) =>
      this.trace(
        state,
        rows.filter((row) => group.state(row) === state),
        x,
        y,
      ),
    );
    const layout = {height: 430, xaxis: axisOf(x), yaxis: axisOf(y, "test data"), hovermode: "closest", shapes: this.bounds(x, y)};
    draw(this.chart, [...parts.filter(Boolean), ...this.marks(x, y), ...this.ring(x, y)], layout).then(() => this.listen());
  }

  trace(state, rows, x, y) {
    if (!rows.length) return null;
    const {group} = this;
    const look = LOOKS[state];
    const sorted = state === "front" ? [...rows].sort((a, b) => group.value(a, x.column) - group.value(b, x.column)) : rows;
    // only a front between two objectives is a line: a staircase, as between two designs only one of them is to be had
    const curve =
      state === "front" && group.curve && [x.column, y.column].every((column) => group.axes.slice(0, 2).some((a) => a.column === column));
    return {
      name: look.name,
      type: "scatter",
      mode: curve ? "lines+markers" : "markers",
      line: {shape: x.up ? "vh" : "hv", width: 1.5, color: look.colour()},
      x: this.scaled(sorted, x),
      y: this.scaled(sorted, y),
      customdata: sorted,
      // thousands of bars hide the points
      error_y:
        y.spread && sorted.length <= 300
          ? {array: sorted.map((row) => y.factor * group.value(row, "error_std")), thickness: 1, width: 2}
          : undefined,
      marker: {symbol: look.symbol, size: look.size, color: look.colour()},
      text: sorted.map((row) => escaped(group.title(row))),
      hovertemplate: "<b>%{text}</b><br>%{x:.4g}, %{y:.4g}<extra></extra>",
    };
  }

  // baselines that have both values
  marks(x, y) {
    const known = {error: "test_error", error_mean: "test_error"};
    const of = (one, axis) => one[known[axis.column] ?? axis.column];
    const found = (this.group.baselines ?? []).filter((one) => of(one, x) > 0 && of(one, y) !== undefined && of(one, y) !== null);
    return found.length === 0
      ? []
      : [
          {
            name: "plain models",
            type: "scatter",
            mode: "markers+text",
            x: found.map((one) => x.factor * of(one, x)),
            y: found.map((one) => y.factor * of(one, y)),
            text: found.map((one) => escaped(one.name)),
            textposition: "top center",
            marker: {symbol: "star", size: 12, color: DATA.colours[5]},
            hovertemplate: "%{text}<br>%{x:.4g}, %{y:.4g}<extra></extra>",
          },
        ];
  }

  ring(x, y) {
    const row = this.selected;
    if (row === null || !this.group.visible(row)) return [];
    return [
      {
        name: escaped(this.group.columns.design[row]),
        type: "scatter",
        mode: "markers",
        hoverinfo: "skip",
        x: this.scaled([row], x),
        y: this.scaled([row], y),
        marker: {symbol: "circle-open", size: 18, color: DATA.colours[1], line: {width: 3, color: DATA.colours[1]}},
      },
    ];
  }

  bounds(x, y) {
    const line = (axis, side) => ({
      type: "line",
      layer: "below",
      line: {color: DATA.colours[3], width: 1, dash: "dash"},
      ...side(axis.factor * this.group.bounds[axis.column]),
    });
    const found = [];
    if (x.column in this.group.bounds) found.push(line(x, (at) => ({x0: at, x1: at, y0: 0, y1: 1, yref: "paper"})));
    if (y.column in this.group.bounds) found.push(line(y, (at) => ({y0: at, y1: at, x0: 0, x1: 1, xref: "paper"})));
    // a bound far away would squeeze everything else
    return found.filter((shape) => this.near(shape, x, y));
  }

  near(shape, x, y) {
    const [axis, at] = shape.yref ? [x, shape.x0] : [y, shape.y0];
    return Math.max(...this.scaled(this.group.rows(), axis)) >= at * 0.8;
  }

  scaled(rows, axis) {
    return rows.map((row) => {
      const value = this.group.value(row, axis.column);
      return value === null ? null : axis.factor * value;
    });
  }

  listen() {
    if (this.listening) return;
    this.listening = true;
    this.chart.on("plotly_click", (event) => {
      // arrow keys go on from here
      this.chart.focus({preventScroll: true});
      const row = event.points[0].customdata;
      if (typeof row === "number") this.choose(row);
    });
  }

  // arrow keys: along the x axis from design to design, those of the front first where there is one
  walk(event, choose) {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    if (!step) return;
    event.preventDefault();
    choose(neighbour(this.group, this.selected, step, this.x));
  }
}

const LABEL = "Chart of all designs. Arrow keys go from one design of the front to the next; the spec sheet follows.";

function neighbour(group, selected, step, column) {
  const shown = group.rows().filter((row) => group.visible(row));
  const front = shown.filter((row) => group.columns.on_front[row]);
  const rows = (front.length ? front : shown).sort((a, b) => group.value(a, column) - group.value(b, column));
  if (!rows.length) return selected;
  const at = rows.indexOf(selected);
  return at < 0 ? rows[0] : rows[Math.min(Math.max(at + step, 0), rows.length - 1)];
}
