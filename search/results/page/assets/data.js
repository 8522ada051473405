// Designs as columns, decoded once; a group holds the units that can be compared with each other.
function decoded(column, length) {
  if (Array.isArray(column)) return column;
  if ("all" in column) return new Array(length).fill(column.all);
  return column.at.map((place) => column.of[place]);
}

class Group {
  constructor(raw) {
    Object.assign(this, raw);
    this.length = Math.max(0, ...Object.values(raw.columns).map((c) => (Array.isArray(c) ? c.length : c.at ? c.at.length : 0)), 1);
    this.columns = Object.fromEntries(Object.entries(raw.columns).map(([name, c]) => [name, decoded(c, this.length)]));
    this.details = Object.fromEntries(Object.entries(raw.details).map(([name, c]) => [name, decoded(c, raw.detailed.length)]));
    this.place = new Map(raw.detailed.map((row, place) => [row, place]));
    this.axis = Object.fromEntries(raw.axes.map((axis) => [axis.column, axis]));
    this.filters = {};
    this.vary();
  }

  // what a sweep varied belongs to units; it is drawn and told like a parameter
  vary() {
    const varied = Object.entries(this.labels).map(([name, values]) => {
      const column = `varied ${name}`;
      this.columns[column] = this.columns.unit.map((unit) => values[unit]);
      return {name, label: words(name), unit: "", columns: [column], gate: false, varied: true};
    });
    this.parameters = [...varied, ...this.parameters];
  }

  rows() {
    return Array.from({length: this.length}, (_, row) => row);
  }

  // a value of a design; what only detailed designs have is null for others
  value(row, column) {
    if (column in this.columns) return this.columns[column][row] ?? null;
    return column in this.details && this.place.has(row) ? (this.details[column][this.place.get(row)] ?? null) : null;
  }

  told(row, axis) {
    return show(this.value(row, axis.column), axis.unit);
  }

  unitOf(row) {
    return this.units.length ? this.columns.unit[row] : 0;
  }

  // the same name stands in several units of a sweep
  title(row) {
    const name = this.columns.design[row];
    return this.units.length ? `${name} (${this.units[this.unitOf(row)]})` : name;
  }

  state(row) {
    if (!this.columns.feasible[row]) return "out";
    return this.columns.on_front[row] ? "front" : "beaten";
  }

  // whether a design passes what is brushed in the parallel coordinates
  visible(row) {
    return Object.entries(this.filters).every(([column, [low, high]]) => {
      const place = this.lines.get(column).places[row];
      return place >= low && place <= high;
    });
  }

  wishes(row) {
    return this.picks.filter((pick) => pick.row === row).map((pick) => pick.wish);
  }

  factsOf(row) {
    return this.facts[this.fact_of[this.unitOf(row)]] ?? {};
  }

  find(unit, design) {
    const at = this.names ? this.names.indexOf(unit) : 0;
    return this.rows().find((row) => this.columns.design[row] === design && this.unitOf(row) === at) ?? null;
  }
}

const DATA = JSON.parse(document.getElementById("data").textContent);
