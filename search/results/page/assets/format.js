// Numbers and names for people; `codesign.units.show` in Python writes the same.
const DISPLAY = {
  pJ: ["J", -12],
  ns: ["s", -9],
  mW: ["W", -3],
  "pJ*ns": ["J*s", -21],
  MHz: ["Hz", 6],
  S: ["S", 0],
  V: ["V", 0],
  ohm: ["ohm", 0],
};
const PREFIXES = {
  "-24": "y",
  "-21": "z",
  "-18": "a",
  "-15": "f",
  "-12": "p",
  "-9": "n",
  "-6": "µ",
  "-3": "m",
  0: "",
  3: "k",
  6: "M",
  9: "G",
};

// significant digits without trailing zeros
const digits = (value, count = 3) => String(Number(value.toPrecision(count)));

function show(value, unit) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (unit === "%") return `${(100 * value).toFixed(2)} %`;
  if (unit === "um2") return Math.abs(value) >= 1e4 ? `${digits(value / 1e6)} mm²` : `${digits(value)} µm²`;
  if (!(unit in DISPLAY) || value === 0) return `${digits(value, 4)} ${unit && unit !== "1" ? unit : ""}`.trim();
  const [symbol, exponent] = DISPLAY[unit];
  const [mantissa, power] = value.toExponential(2).split("e");
  const total = Number(power) + exponent;
  const prefix = Math.min(Math.max(Math.floor(total / 3) * 3, -24), 9);
  return `${digits(Number(mantissa) * 10 ** (total - prefix))} ${PREFIXES[prefix]}${symbol}`;
}

const words = (name) => String(name).replaceAll("_", " ");

// plotly reads marks in texts; names are of the user's own
const escaped = (text) => String(text).replace(/[&<>"]/g, (c) => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})[c]);

// an element with attributes and children; texts stay texts
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}
