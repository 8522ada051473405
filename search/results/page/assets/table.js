// All designs as a table that can be sorted; a row is chosen by a click or, from its name, by keyboard.
class Table {
  constructor(group, choose) {
    Object.assign(this, {group, choose, everything: false, sorted: group.x, down: false, most: 100});
    this.body = make("tbody");
    this.note = make("span");
    const all = make("input", {
      type: "checkbox",
      onchange: (event) => {
        this.everything = event.target.checked;
        this.draw(this.selected);
      },
    });
    this.element = make(
      "div",
      {class: "designs"},
      make("p", {class: "controls"}, make("label", {}, all, " also designs that another one beats"), " ", this.note),
      make("div", {class: "wide long"}, make("table", {}, make("thead", {}, this.head()), this.body)),
    );
  }

  columns() {
    const {group} = this;
    const axes = group.axes.map((axis) => ({column: axis.column, name: axis.name, told: (row) => this.spread(row, axis)}));
    const many = (p) => p.columns.length > 1;
    const parameters = group.parameters.map((p) => ({
      column: p.columns[0],
      name: p.label + (p.unit ? ` [${p.unit}]` : ""),
      told: (row) => settings(group, p, row).join(" / "),
      unsorted: many(p),
    }));
    return [{column: "design", name: "design", told: (row) => group.title(row)}, ...axes, ...parameters];
  }

  spread(row, axis) {
    const told = this.group.told(row, axis);
    return axis.spread && this.group.value(row, "chips") > 1
      ? `${told.replace(" %", "")} ± ${show(this.group.value(row, "error_std"), "%")}`
      : told;
  }

  head() {
    this.heads = this.columns().map((column) => ({
      ...column,
      cell: make("th", {scope: "col"}, column.unsorted ? column.name : this.sorter(column)),
    }));
    return make("tr", {}, ...this.heads.map((head) => head.cell));
  }

  sorter(column) {
    const sort = () => {
      this.down = this.sorted === column.column && !this.down;
      this.sorted = column.column;
      this.draw(this.selected);
    };
    return make("button", {type: "button", onclick: sort}, column.name);
  }

  draw(selected) {
    this.selected = selected;
    const {group} = this;
    const able = group.rows().filter((row) => group.visible(row) && (this.everything || group.columns.on_front[row] || row === selected));
    const value = (row) => group.value(row, this.sorted);
    const sign = this.down ? -1 : 1;
    able.sort((a, b) => sign * (value(a) > value(b) ? 1 : value(a) < value(b) ? -1 : 0));
    this.heads.forEach((head) =>
      head.cell.setAttribute("aria-sort", head.column !== this.sorted || head.unsorted ? "none" : this.down ? "descending" : "ascending"),
    );
    this.body.replaceChildren(...able.slice(0, this.most).map((row) => this.row(row, row === selected)));
    this.note.textContent = able.length > this.most ? `The first ${this.most} of ${able.length}; designs.csv has all.` : "";
  }

  row(row, chosen) {
    const [name, ...rest] = this.heads;
    const button = make("button", {type: "button", class: "link", "aria-pressed": String(chosen)}, name.told(row));
    const cells = rest.map((head) => make("td", {}, head.told(row)));
    const place = make(
      "tr",
      {class: `${chosen ? "chosen" : ""} ${this.group.state(row)}`, "data-row": row},
      make("th", {scope: "row"}, button),
      ...cells,
    );
    place.addEventListener("click", () => {
      this.choose(row);
      // the row is drawn anew; who came by keyboard goes on from there
      this.body.querySelector(`[data-row="${row}"] button`)?.focus({preventScroll: true});
    });
    return place;
  }
}

// a parameter of a design, for people: one value, or one for each layer
function settings(group, parameter, row) {
  return parameter.columns.map((column) => setting(group.value(row, column), parameter.gate)).filter((text) => text !== "");
}

function setting(value, gate) {
  if (value === null || value === undefined) return "";
  if (gate) return value >= 0.5 ? "spikes" : "plain values";
  return typeof value === "number" ? digits(value, 5) : words(value);
}
