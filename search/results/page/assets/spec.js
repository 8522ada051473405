// What a design is: its network layer by layer, and its chip; what was searched and what was given.
const SHAPES = {
  kind: (layer) => words(layer.kind ?? ""),
  input: (layer) => shape(layer.input),
  output: (layer) => shape(layer.output),
  neuron: (layer) => words(layer.neuron ?? ""),
  kernel: (layer) =>
    layer.kernel && Math.max(...layer.kernel) > 1
      ? `${layer.kernel.join(" x ")}${layer.stride > 1 ? `, stride ${layer.stride}` : ""}`
      : "",
  weights: (layer) => count(layer.weights),
  "multiply-adds": (layer) => count(layer.macs),
};

const shape = (sizes) => (sizes ? (sizes.slice(1).every((size) => size === 1) ? String(sizes[0]) : sizes.join(" x ")) : "");
const count = (value) => (typeof value === "number" ? value.toLocaleString("en") : "");

function layersTable(group, row) {
  const facts = group.factsOf(row);
  const names = layerNames(group, row, facts);
  const known = new Map((facts.layers ?? []).map((layer) => [layer.name, layer]));
  const shapes = Object.entries(SHAPES).map(([name, told]) => [name, (layer) => (known.has(layer) ? told(known.get(layer)) : "")]);
  // what was searched comes first: narrow screens cut off the end
  const columns = [];
  for (const parameter of group.parameters.filter((p) => p.columns.some((column) => column.includes("["))))
    columns.push([
      labelled(parameter.label, parameter.unit),
      (layer) => setting(group.value(row, `${parameter.name}[${layer}]`), parameter.gate),
    ]);
  columns.push(...shapes);
  for (const [name, fixed] of Object.entries({...facts.operation, ...facts.chip}).filter(([, fixed]) => Array.isArray(fixed.value)))
    columns.push([labelled(words(name), fixed.unit), (layer) => setting(fixed.value[names.indexOf(layer)], name === "gate")]);
  for (const rate of ["arrays", "cores", "input_rate", "output_rate"])
    columns.push([words(rate), (layer) => show(group.value(row, `${rate}[${layer}]`), "")]);
  const shown = columns.filter(([, told]) => names.some((layer) => told(layer) !== ""));
  return tableOf(
    ["layer", ...shown.map(([name]) => name)],
    names.map((layer) => make("tr", {}, make("th", {scope: "row"}, layer), ...shown.map(([, told]) => make("td", {}, told(layer))))),
  );
}

const labelled = (name, unit) => (unit && unit !== "1" ? `${name} [${unit}]` : name);

function layerNames(group, row, facts) {
  if (facts.layers) return facts.layers.map((layer) => layer.name);
  const columns = [
    ...Object.keys(group.details).filter((name) => name.startsWith("input_rate[")),
    ...group.parameters.flatMap((p) => p.columns),
  ];
  const named = columns
    .filter((name) => name.includes("[") && group.value(row, name) !== null)
    .map((name) => name.slice(name.indexOf("[") + 1, -1));
  return [...new Set(named)];
}

// what was searched stands out from what was given
function chipList(group, row) {
  const facts = group.factsOf(row);
  const searched = group.parameters
    .filter((p) => !p.varied && !p.columns.some((column) => column.includes("[")))
    .map((p) => [p.label, [settings(group, p, row).join(" / "), p.unit && p.unit !== "1" ? p.unit : ""].join(" ").trim(), "searched"]);
  const fixed = Object.entries({...facts.chip, ...facts.operation})
    .filter(([name, given]) => name !== "longest" && (!Array.isArray(given.value) || new Set(given.value).size === 1))
    .map(([name, given]) => [without(name, given.unit), givenText(name, given), "given"]);
  const first = (name) => (["family", "technology"].includes(name) ? 0 : 1);
  const items = [...searched, ...fixed].filter(([, text]) => text !== "").sort((a, b) => first(a[0]) - first(b[0]));
  return make(
    "dl",
    {class: "chip"},
    ...items.map(([name, text, kind]) => make("div", {class: kind}, make("dt", {}, name), make("dd", {}, text))),
  );
}

// a unit that is told with the value is not told by the name as well
const without = (name, unit) => words(unit ? name.replace(/_(mhz|v|kb|gbit_per_s|per_s|ns|pj|um|k|s)$/, "") : name);

function givenText(name, given) {
  const value = Array.isArray(given.value) ? given.value[0] : given.value;
  if (value !== null && typeof value === "object")
    return Object.entries(value)
      .map(([key, share]) => `${words(key)} ${share}`)
      .join(", ");
  const text = setting(value, name === "gate" || name.endsWith(".gate"));
  return given.unit && given.unit !== "1" ? `${text} ${given.unit}` : text;
}
