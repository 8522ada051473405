// Parallel coordinates on a canvas: a line for each design through its parameters and objectives.
// Dragging along an axis keeps what passes there.
const TOP = 64,
  BOTTOM = 22,
  SIDE = 46,
  STEP = 50,
  HEIGHT = 320;

class Parallel {
  constructor(group, choose, filtered) {
    Object.assign(this, {group, choose, filtered});
    this.columns = [...group.lines.keys()];
    this.width = SIDE * 2 + STEP * Math.max(this.columns.length - 1, 1);
    this.canvas = make("canvas", {tabindex: 0, role: "application", "aria-label": LABEL_PARALLEL});
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    this.canvas.addEventListener("pointerup", (event) => this.up(event));
    this.canvas.addEventListener("pointercancel", () => {
      this.begun = null;
    });
    this.canvas.addEventListener("keydown", (event) => this.key(event));
    const clear = make("button", {type: "button", class: "quiet", onclick: () => this.clear()}, "Clear");
    this.note = make(
      "p",
      {class: "controls"},
      "Drag along an axis to keep the designs that pass there; click a line to choose it. ",
      clear,
      " ",
      (this.count = make("span", {"aria-live": "polite"})),
    );
    this.element = make("div", {class: "parallel"}, this.note, make("div", {class: "wide"}, this.canvas));
  }

  draw(selected) {
    this.selected = selected;
    const ratio = window.devicePixelRatio || 1;
    const room = this.element.clientWidth || this.width;
    const width = Math.max(this.width, room);
    this.step = (width - 2 * SIDE) / Math.max(this.columns.length - 1, 1);
    this.canvas.width = width * ratio;
    this.canvas.height = HEIGHT * ratio;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${HEIGHT}px`;
    const pen = this.canvas.getContext("2d");
    pen.scale(ratio, ratio);
    this.lines(pen);
    this.axes(pen);
    const shown = this.group.rows().filter((row) => this.group.visible(row)).length;
    this.count.textContent = Object.keys(this.group.filters).length ? `${shown} of ${this.group.length} designs` : "";
  }

  lines(pen) {
    const rows = this.group.rows();
    const [kept, gone] = [rows.filter((row) => this.group.visible(row)), rows.filter((row) => !this.group.visible(row))];
    const beaten = kept.filter((row) => !this.group.columns.on_front[row]);
    // thousands of lines would be one grey sheet: some stand for all
    const some = beaten.filter((_, i) => i % Math.ceil(beaten.length / 1500) === 0);
    const opacity = Math.max(0.05, Math.min(0.5, 40 / some.length));
    for (const row of gone.length > 1500 ? [] : gone) this.line(pen, row, ink("--muted"), 0.08, 1);
    for (const row of some) this.line(pen, row, ink("--muted"), opacity, 1);
    for (const row of kept.filter((each) => this.group.columns.on_front[each])) this.line(pen, row, ink("--accent"), 0.8, 1.5);
    if (this.selected !== null) this.line(pen, this.selected, DATA.colours[1], 1, 3);
  }

  line(pen, row, colour, opacity, width) {
    Object.assign(pen, {strokeStyle: colour, globalAlpha: opacity, lineWidth: width});
    pen.beginPath();
    this.points(row).forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.stroke();
    pen.globalAlpha = 1;
  }

  points(row) {
    return this.columns
      .map((column, i) => [this.at(i), this.level(this.group.lines.get(column).places[row])])
      .filter(([, y]) => !Number.isNaN(y));
  }

  at(i) {
    return SIDE + i * this.step;
  }

  level(place) {
    return TOP + (1 - place) * (HEIGHT - TOP - BOTTOM);
  }

  axes(pen) {
    Object.assign(pen, {fillStyle: ink("--ink"), strokeStyle: ink("--muted"), lineWidth: 1});
    this.columns.forEach((column, i) => {
      const {label, marks} = this.group.lines.get(column);
      pen.beginPath();
      pen.moveTo(this.at(i), TOP);
      pen.lineTo(this.at(i), HEIGHT - BOTTOM);
      pen.stroke();
      this.name(pen, label, this.at(i));
      pen.font = "11px system-ui, sans-serif";
      for (const [place, text] of marks) this.mark(pen, text, this.at(i) + 4, this.level(place) + 4);
      if (column in this.group.filters) {
        const [low, high] = this.group.filters[column].map((place) => this.level(place));
        pen.fillStyle = DATA.colours[1];
        pen.fillRect(this.at(i) - 4, high, 8, Math.max(low - high, 3));
        pen.fillStyle = ink("--ink");
      }
    });
  }

  // a long name takes several lines
  name(pen, label, x) {
    pen.font = "11px system-ui, sans-serif";
    pen.textAlign = "center";
    const lines = [];
    for (const word of label.split(" ")) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && pen.measureText(longer).width <= this.step - 8) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    lines.slice(0, 3).forEach((line, i, all) => pen.fillText(line, x, TOP - 14 - 14 * (all.length - 1 - i), this.step - 4));
    pen.textAlign = "left";
  }

  mark(pen, text, x, y) {
    pen.save();
    pen.lineWidth = 3;
    pen.strokeStyle = ink("--ground");
    const short = text.length > 12 ? `${text.slice(0, 11)}…` : text;
    pen.strokeText(short, x, y);
    pen.fillText(short, x, y);
    pen.restore();
  }

  where(event) {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const i = Math.round((x - SIDE) / this.step);
    const near = Math.abs(x - this.at(i)) < 14 && i >= 0 && i < this.columns.length;
    return {x, y, axis: near ? this.columns[i] : null, place: Math.min(Math.max(1 - (y - TOP) / (HEIGHT - TOP - BOTTOM), 0), 1)};
  }

  down(event) {
    this.begun = this.where(event);
    if (this.begun.axis) this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    const here = this.where(event);
    this.canvas.style.cursor = here.axis ? "ns-resize" : "pointer";
    if (!this.begun || !this.begun.axis || Math.abs(here.y - this.begun.y) < 5) return;
    const ends = [this.begun.place, here.place].sort((a, b) => a - b);
    this.group.filters[this.begun.axis] = [ends[0] - 0.03, ends[1] + 0.03];
    this.draw(this.selected);
  }

  up(event) {
    const begun = this.begun;
    this.begun = null;
    if (!begun) return;
    const here = this.where(event);
    if (Math.abs(here.y - begun.y) >= 5 && begun.axis) return this.filtered();
    if (begun.axis && begun.axis in this.group.filters) {
      delete this.group.filters[begun.axis];
      return this.filtered();
    }
    const row = this.nearest(here);
    if (row !== null) this.choose(row);
  }

  nearest({x, y}) {
    const i = Math.min(Math.max(Math.floor((x - SIDE) / this.step), 0), Math.max(this.columns.length - 2, 0));
    const share = Math.min(Math.max((x - this.at(i)) / this.step, 0), 1);
    const height = (row) => {
      const [a, b] = [i, Math.min(i + 1, this.columns.length - 1)].map((j) => this.group.lines.get(this.columns[j]).places[row]);
      return this.level(a + (b - a) * share);
    };
    const shown = this.group.rows().filter((row) => this.group.visible(row) && !Number.isNaN(height(row)));
    // of lines that lie on each other, one of the front
    const far = (row) => Math.abs(height(row) - y) - (this.group.columns.on_front[row] ? 2 : 0);
    const best = shown.reduce((a, b) => (a === null || far(b) < far(a) ? b : a), null);
    return best !== null && far(best) < 14 ? best : null;
  }

  key(event) {
    const step = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1}[event.key];
    if (event.key === "Escape") return this.clear();
    if (!step) return undefined;
    event.preventDefault();
    return this.choose(neighbour(this.group, this.selected, step, this.group.x));
  }

  clear() {
    this.group.filters = {};
    this.filtered();
  }
}

const LABEL_PARALLEL =
  "Parallel coordinates of all designs. Arrow keys go from one design of the front to the next; Escape clears what was dragged.";
