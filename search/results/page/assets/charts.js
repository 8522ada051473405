// What all charts share: the look on light and dark ground, and how an element is drawn into.
const DARK = matchMedia("(prefers-color-scheme: dark)");
let printing = false;
const drawn = new Set();

const template = () => (DARK.matches && !printing ? DATA.templates.dark : DATA.templates.light);
const PAPER = {"--ink": "#000", "--muted": "#666", "--ground": "#fff", "--accent": "#0072b2"};
const ink = (name) => (printing ? PAPER[name] : getComputedStyle(document.documentElement).getPropertyValue(name).trim());
const tint = (number) => DATA.colours[number % DATA.colours.length];
const fill = (number) => DATA.patterns[Math.floor(number / DATA.colours.length) % DATA.patterns.length];
const EDGE = {width: 0.5, color: "rgba(128,128,128,0.6)"};

function draw(element, traces, layout) {
  const narrow = element.clientWidth < 520;
  const own = {...layout, template: template(), autosize: true};
  // the buttons stand in the right margin, where they cover nothing
  own.margin = {l: narrow ? 46 : 56, r: 34, t: 36, b: 46, ...layout.margin};
  own.modebar = {orientation: "v"};
  drawn.add(element);
  return Plotly.react(element, traces, own, {displaylogo: false, responsive: true, modeBarButtonsToRemove: ["lasso2d", "select2d"]});
}

// a legend of many names above a chart, and the room it takes [px]
const LEGEND = {traceorder: "normal", entrywidth: 85, font: {size: 12}, maxheight: 600};
const legendRoom = (element, count) => 24 + 20 * Math.ceil(count / Math.max(Math.floor((element.clientWidth - 60) / 135), 1));

function recolour() {
  for (const element of drawn) if (element.isConnected && element.data) Plotly.relayout(element, {template: template()});
}

function axisOf(axis, remark) {
  const title = {text: escaped(remark ? `${axis.label}, ${remark}` : axis.label)};
  // over wide ranges 1, 2 and 5 of each decade
  const ticks = axis.decades >= 0.7 && axis.decades <= 3 ? {dtick: "D2"} : {};
  return axis.log ? {title, type: "log", tickformat: "~g", ...ticks} : {title};
}

// the largest unit in which the largest value is at least 1
function suited(values, unit) {
  const units = {
    pJ: [
      [1e3, "fJ"],
      [1, "pJ"],
      [1e-3, "nJ"],
      [1e-6, "µJ"],
      [1e-9, "mJ"],
    ],
  }[unit];
  const largest = Math.max(...values.map((value) => value ?? 0));
  return units.filter(([factor]) => largest * factor >= 1).at(-1) ?? units[0];
}
