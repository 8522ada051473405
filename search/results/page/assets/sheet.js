// The spec sheet: all that is needed to build a design, and all that is known of it.
function sheet(element, group, row) {
  const place = group.place.get(row);
  const parts = [
    make("h2", {id: "sheet-title", tabindex: -1}, `Spec sheet of ${group.title(row)}`),
    make("p", {class: "badges"}, ...badges(group, row)),
    values(group, row),
    make("h3", {}, "The network, layer by layer"), layersTable(group, row),
    make("h3", {}, "The chip"), chipList(group, row),
  ];
  element.replaceChildren(...parts);
  if (place === undefined) {
    element.append(make("p", {class: "note"}, "Layers, chips and ageing of this design are in the store, not on this page, which holds them for the front and some others: search.load(folder) shows them."));
    return;
  }
  const chart = (title, label, paint) => {
    const box = make("div", {class: "chart", role: "img", "aria-label": label});
    element.append(make("h3", {}, title), box);
    paint(box);
  };
  const spent = group.breakdown.energy[place] ?? [];
  if (spent.some((value) => value > 0)) {
    chart("Where the energy goes", `Energy of ${group.title(row)} by layer and component; the table below has the numbers.`, (box) => energyChart(box, group, place));
    element.append(make("details", {}, make("summary", {}, "Energy, latency and area in numbers"), breakdownTable(group, place)));
    chart("Energy, rates and bits by layer", "Bars for each layer.", (box) => layersChart(box, group, row, place));
  }
  if ((group.value(row, "chips") ?? 1) > 1)
    chart("From chip to chip", "Test error of each simulated chip, beside the recommended designs.", (box) => chipsChart(box, group, row));
  if (agesOf(group, row).length > 1) {
    chart("With time", "Test error when fresh, and an hour, a day and a month after programming.", (box) => ageingChart(box, group, row));
    element.append(make("p", {class: "note"}, agesOf(group, row).map(([age, error]) => `${age}: ${show(error, "%")}`).join(" · ")));
  }
}

function badges(group, row) {
  const state = {front: "on the front", beaten: "beaten by another design", out: "breaks a bound"}[group.state(row)];
  const names = [...group.wishes(row), state];
  const origin = {member: "a member of the search", polish: "found by polishing a member", tuned: "trained once more"}[group.value(row, "origin")];
  if (origin) names.push(origin);
  const sure = group.value(row, "front_probability");
  if (sure !== null) names.push(`on the front in ${Math.round(100 * sure)} % of all draws of the prices`);
  return names.map((name) => make("span", {class: "badge"}, name));
}

// objectives and costs: measured, by validation data, claimed, and where prices may take them
function values(group, row) {
  const has = (prefix) => group.axes.some((axis) => group.value(row, prefix + axis.column) !== null);
  const interval = (axis) => {
    const [low, high] = [group.value(row, `${axis.column}_p10`), group.value(row, `${axis.column}_p90`)];
    return low === null ? "" : `${show(low, axis.unit)} to ${show(high, axis.unit)}`;
  };
  const bound = (axis) => (axis.column in group.bounds ? `${axis.up ? "at least" : "at most"} ${show(group.bounds[axis.column], axis.unit)}` : "");
  const spread = (axis) => (axis.spread && group.value(row, "chips") > 1 ? ` ± ${show(group.value(row, "error_std"), "%")}` : "");
  const columns = [
    ["measured", (axis) => group.told(row, axis) + spread(axis), true],
    ["validation", (axis) => show(group.value(row, `validation_${axis.column}`), axis.unit), has("validation_")],
    ["claimed (relaxed)", (axis) => show(group.value(row, `relaxed_${axis.column}`), axis.unit), has("relaxed_")],
    ["80 % of prices", interval, group.axes.some((axis) => interval(axis))],
    ["bound", bound, Object.keys(group.bounds).length > 0],
  ].filter(([, , shown]) => shown);
  const lines = group.axes.map((axis) => make("tr", {}, make("th", {scope: "row"}, axis.name), ...columns.map(([, told]) => make("td", {}, told(axis)))));
  return tableOf(["", ...columns.map(([name]) => name)], lines);
}

function tableOf(head, rows) {
  return make("div", {class: "wide"}, make("table", {}, make("thead", {}, make("tr", {}, ...head.map((name) => make("th", {scope: "col"}, name)))), make("tbody", {}, ...rows)));
}

const SHAPES = {
  kind: (layer) => words(layer.kind ?? ""),
  input: (layer) => shape(layer.input),
  output: (layer) => shape(layer.output),
  neuron: (layer) => words(layer.neuron ?? ""),
  kernel: (layer) => (layer.kernel && Math.max(...layer.kernel) > 1 ? `${layer.kernel.join(" x ")}${layer.stride > 1 ? `, stride ${layer.stride}` : ""}` : ""),
  weights: (layer) => count(layer.weights),
  "multiply-adds": (layer) => count(layer.macs),
};

const shape = (sizes) => (sizes ? (sizes.slice(1).every((size) => size === 1) ? String(sizes[0]) : sizes.join(" x ")) : "");
const count = (value) => (typeof value === "number" ? value.toLocaleString("en") : "");

function layersTable(group, row) {
  const facts = group.factsOf(row);
  const names = layerNames(group, row, facts);
  const known = new Map((facts.layers ?? []).map((layer) => [layer.name, layer]));
  const columns = Object.entries(SHAPES).map(([name, told]) => [name, (layer) => (known.has(layer) ? told(known.get(layer)) : "")]);
  for (const parameter of group.parameters.filter((p) => p.columns.some((column) => column.includes("["))))
    columns.push([labelled(parameter.label, parameter.unit), (layer) => setting(group.value(row, `${parameter.name}[${layer}]`), parameter.gate)]);
  for (const [name, fixed] of Object.entries({...facts.operation, ...facts.chip}).filter(([, fixed]) => Array.isArray(fixed.value)))
    columns.push([labelled(words(name), fixed.unit), (layer) => setting(fixed.value[names.indexOf(layer)], name === "gate")]);
  for (const rate of ["input_rate", "output_rate"]) columns.push([words(rate), (layer) => show(group.value(row, `${rate}[${layer}]`), "")]);
  const shown = columns.filter(([, told]) => names.some((layer) => told(layer) !== ""));
  return tableOf(["layer", ...shown.map(([name]) => name)], names.map((layer) => make("tr", {}, make("th", {scope: "row"}, layer), ...shown.map(([, told]) => make("td", {}, told(layer))))));
}

const labelled = (name, unit) => (unit && unit !== "1" ? `${name} [${unit}]` : name);

function layerNames(group, row, facts) {
  if (facts.layers) return facts.layers.map((layer) => layer.name);
  const columns = [...Object.keys(group.details).filter((name) => name.startsWith("input_rate[")), ...group.parameters.flatMap((p) => p.columns)];
  const named = columns.filter((name) => name.includes("[") && group.value(row, name) !== null).map((name) => name.slice(name.indexOf("[") + 1, -1));
  return [...new Set(named)];
}

// what was searched stands out from what was given
function chipList(group, row) {
  const facts = group.factsOf(row);
  const searched = group.parameters.filter((p) => !p.varied && !p.columns.some((column) => column.includes("[")))
    .map((p) => [p.label, [settings(group, p, row).join(" / "), p.unit && p.unit !== "1" ? p.unit : ""].join(" ").trim(), "searched"]);
  const fixed = Object.entries({...facts.chip, ...facts.operation})
    .filter(([name, given]) => name !== "longest" && (!Array.isArray(given.value) || new Set(given.value).size === 1))
    .map(([name, given]) => [without(name, given.unit), givenText(name, given), "given"]);
  const first = (name) => (["family", "technology"].includes(name) ? 0 : 1);
  const items = [...searched, ...fixed].filter(([, text]) => text !== "").sort((a, b) => first(a[0]) - first(b[0]));
  return make("dl", {class: "chip"}, ...items.map(([name, text, kind]) => make("div", {class: kind}, make("dt", {}, name), make("dd", {}, text))));
}

// a unit that is told with the value is not told by the name as well
const without = (name, unit) => words(unit ? name.replace(/_(mhz|v|kb|gbit_per_s|per_s|ns|pj|um|k|s)$/, "") : name);

function givenText(name, given) {
  const value = Array.isArray(given.value) ? given.value[0] : given.value;
  if (value !== null && typeof value === "object") return Object.entries(value).map(([key, share]) => `${words(key)} ${share}`).join(", ");
  const text = setting(value, name === "gate" || name.endsWith(".gate"));
  return given.unit && given.unit !== "1" ? `${text} ${given.unit}` : text;
}

function breakdownTable(group, place) {
  const {layers, components, energy, latency, area} = group.breakdown;
  const at = (i, j) => energy[place][i * components.length + j] ?? 0;
  const used = components.map((_, j) => j).filter((j) => layers.some((_, i) => at(i, j) > 0) || area[place][j]);
  const own = layers.map((_, i) => i).filter((i) => used.some((j) => at(i, j) > 0));
  const total = energy[place].reduce((sum, value) => sum + (value ?? 0), 0);
  const row = (name, cells) => make("tr", {}, make("th", {scope: "row"}, name), ...cells.map((cell) => make("td", {}, cell)));
  const lines = used.map((j) => {
    const sum = own.reduce((all, i) => all + at(i, j), 0);
    return row(words(components[j]), [...own.map((i) => show(at(i, j), "pJ")), show(sum, "pJ"), `${(100 * sum / total).toFixed(1)} %`, show(area[place][j], "um2")]);
  });
  const sums = own.map((i) => used.reduce((all, j) => all + at(i, j), 0));
  const spaces = area[place].reduce((sum, value) => sum + (value ?? 0), 0);
  const times = own.map((i) => latency[place][i]);
  lines.push(row("all", [...sums.map((sum) => show(sum, "pJ")), show(total, "pJ"), "100 %", show(spaces, "um2")]));
  lines.push(row("latency", [...times.map((time) => show(time, "ns")), show(times.reduce((sum, time) => sum + (time ?? 0), 0), "ns"), "", ""]));
  return tableOf(["component", ...own.map((i) => layers[i]), "all layers", "share", "area"], lines);
}
