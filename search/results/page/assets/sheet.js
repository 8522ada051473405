// The spec sheet: all that is needed to build a design, and all that is known of it.
const LEFT_OUT =
  "Layers, chips and ageing of this design are in the store, not on this page, which holds them for the front and some others: " +
  "search.load(folder) shows them.";

function sheet(element, group, row) {
  const place = group.place.get(row);
  const parts = [
    make("h2", {id: "sheet-title", tabindex: -1}, `Spec sheet of ${group.title(row)}`),
    make("p", {class: "badges"}, ...badges(group, row)),
    values(group, row),
    make("h3", {}, "The network, layer by layer"),
    layersTable(group, row),
    make("h3", {}, "The chip"),
    chipList(group, row),
  ];
  element.replaceChildren(...parts);
  if (place === undefined) {
    element.append(make("p", {class: "note"}, LEFT_OUT));
    return;
  }
  const chart = (title, label, paint) => {
    const box = make("div", {class: "chart", role: "img", "aria-label": label});
    element.append(make("h3", {}, title), box);
    paint(box);
  };
  const spent = group.breakdown.energy[place] ?? [];
  if (spent.some((value) => value > 0)) {
    chart("Where the energy goes", `Energy of ${group.title(row)} by layer and component; the table below has the numbers.`, (box) =>
      energyChart(box, group, place),
    );
    element.append(make("details", {}, make("summary", {}, "Energy, latency and area in numbers"), breakdownTable(group, place)));
    chart("Energy, rates and bits by layer", "Bars for each layer.", (box) => layersChart(box, group, row, place));
  }
  if ((group.value(row, "chips") ?? 1) > 1)
    chart("From chip to chip", "Test error of each simulated chip, beside the recommended designs.", (box) =>
      chipsChart(box, group, row),
    );
  if (agesOf(group, row).length > 1) {
    chart("With time", "Test error when fresh, and an hour, a day and a month after programming.", (box) => ageingChart(box, group, row));
    element.append(
      make(
        "p",
        {class: "note"},
        agesOf(group, row)
          .map(([age, error, , again]) => `${age}: ${show(error, "%")}${again === null ? "" : ` (recalibrated ${show(again, "%")})`}`)
          .join(" · "),
      ),
    );
  }
  if (group.value(row, "error_exact") !== null)
    element.append(make("h3", {}, "With wires solved"), make("p", {class: "note"}, exactness(group, row)));
}

// what the search's form of the crossbar leaves out
function exactness(group, row) {
  const of = (column) => group.value(row, column);
  const gap = 100 * of("exact_gap");
  return (
    `${show(of("error_exact"), "%")} test error with every device drawn and wires solved (${of("exact_wires")}; ${of("exact_chips")} chips, ` +
    `${of("exact_samples")} samples): ${gap < 0 ? "" : "+"}${gap.toFixed(1)} ± ${(100 * of("exact_gap_se")).toFixed(1)} points against ` +
    `the search's form of the same devices${gap > 1 ? ", more than a point: mind the wires of this design" : ""}.`
  );
}

function badges(group, row) {
  const state = {front: "on the front", beaten: "beaten by another design", out: "breaks a bound"}[group.state(row)];
  const names = [...group.wishes(row), state];
  const origin = {member: "a member of the search", polish: "found by polishing a member", tuned: "trained once more"}[
    group.value(row, "origin")
  ];
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
  const bound = (axis) =>
    axis.column in group.bounds ? `${axis.up ? "at least" : "at most"} ${show(group.bounds[axis.column], axis.unit)}` : "";
  const spread = (axis) => (axis.spread && group.value(row, "chips") > 1 ? ` ± ${show(group.value(row, "error_std"), "%")}` : "");
  const columns = [
    ["measured", (axis) => group.told(row, axis) + spread(axis), true],
    ["validation", (axis) => show(group.value(row, `validation_${axis.column}`), axis.unit), has("validation_")],
    ["claimed (relaxed)", (axis) => show(group.value(row, `relaxed_${axis.column}`), axis.unit), has("relaxed_")],
    ["80 % of prices", interval, group.axes.some((axis) => interval(axis))],
    ["bound", bound, Object.keys(group.bounds).length > 0],
  ].filter(([, , shown]) => shown);
  const lines = group.axes.map((axis) =>
    make("tr", {}, make("th", {scope: "row"}, axis.name), ...columns.map(([, told]) => make("td", {}, told(axis)))),
  );
  return tableOf(["", ...columns.map(([name]) => name)], lines);
}

function tableOf(head, rows) {
  return make(
    "div",
    {class: "wide"},
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...head.map((name) => make("th", {scope: "col"}, name)))),
      make("tbody", {}, ...rows),
    ),
  );
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
    return row(words(components[j]), [
      ...own.map((i) => show(at(i, j), "pJ")),
      show(sum, "pJ"),
      `${((100 * sum) / total).toFixed(1)} %`,
      show(area[place][j], "um2"),
    ]);
  });
  const sums = own.map((i) => used.reduce((all, j) => all + at(i, j), 0));
  const spaces = area[place].reduce((sum, value) => sum + (value ?? 0), 0);
  const times = own.map((i) => latency[place][i]);
  lines.push(row("all", [...sums.map((sum) => show(sum, "pJ")), show(total, "pJ"), "100 %", show(spaces, "um2")]));
  lines.push(
    row("latency", [
      ...times.map((time) => show(time, "ns")),
      show(
        times.reduce((sum, time) => sum + (time ?? 0), 0),
        "ns",
      ),
      "",
      "",
    ]),
  );
  return tableOf(["component", ...own.map((i) => layers[i]), "all layers", "share", "area"], lines);
}
