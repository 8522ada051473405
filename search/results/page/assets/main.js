// Puts the parts of a page together: for each group cards, charts, table and spec sheet, all about one chosen design.
function cards(group, choose) {
  const titles = {cheapest: "Cheapest", balanced: "Balanced", "most accurate": "Most accurate"};
  return group.picks
    .filter((pick) => pick.row !== null)
    .map((pick) => {
      const lines = group.axes.map((axis) => make("span", {class: "value"}, `${axis.name} `, make("b", {}, group.told(pick.row, axis))));
      return make(
        "button",
        {type: "button", class: "card", "data-row": pick.row, onclick: () => choose(pick.row)},
        make("span", {class: "wish"}, titles[pick.wish] ?? pick.wish),
        make("span", {class: "name"}, group.title(pick.row)),
        ...lines,
        make("span", {class: "why"}, pick.why),
      );
    });
}

function build(element, raw) {
  const group = new Group(raw);
  group.lines = linesOf(group);
  const views = [];
  const sheetBox = make("section", {class: "sheet", "aria-labelledby": "sheet-title", tabindex: -1});
  const told = make("p", {class: "selected", "aria-live": "polite"});
  let selected = null;
  const redraw = () => views.forEach((view) => view.draw(selected));
  const choose = (row) => {
    selected = row;
    redraw();
    element.querySelectorAll(".card").forEach((card) => card.setAttribute("aria-pressed", String(Number(card.dataset.row) === row)));
    const costs = group.axes.map((axis) => `${axis.name} ${group.told(row, axis)}`).join(", ");
    const jump = make(
      "a",
      {
        href: "#",
        onclick: (event) => {
          event.preventDefault();
          sheetBox.scrollIntoView({behavior: "smooth"});
          sheetBox.focus({preventScroll: true});
        },
      },
      "spec sheet",
    );
    told.replaceChildren(make("b", {}, group.title(row)), `: ${costs} · `, jump);
    sheet(sheetBox, group, row);
  };
  const front = new Front(group, choose);
  const parallel = new Parallel(group, choose, redraw);
  const table = new Table(group, choose);
  views.push(front, parallel, table);
  element.querySelector(".cards").append(...cards(group, choose));
  const note =
    group.measured > group.length
      ? make(
          "p",
          {class: "note"},
          `Drawn: ${group.length} of ${group.measured} designs, the front and an even choice of others; designs.csv has all.`,
        )
      : null;
  const charts = make(
    "div",
    {class: "charts"},
    front.element,
    told,
    make("h3", {}, "All parameters and objectives"),
    parallel.element,
    make("h3", {}, "Designs"),
    table.element,
  );
  element.querySelector(".explorer").append(...[note, make("div", {class: "beside"}, charts, sheetBox)].filter(Boolean));
  for (const box of element.querySelectorAll("[data-figure]")) {
    const figure = raw.figures[box.dataset.figure];
    if (figure) draw(box, figure.data, figure.layout);
    if (box.dataset.figure === "compare")
      box.on("plotly_click", (event) => {
        const [unit, design] = event.points[0].customdata ?? [];
        const row = group.find(unit, design);
        if (row !== null) choose(row);
      });
  }
  const balanced = group.picks.find((pick) => pick.wish === "balanced") ?? group.picks[0];
  choose(balanced?.row ?? group.nearest);
  return () => redraw();
}

const redraws = DATA.groups.map((raw, i) => build(document.querySelector(`[data-group="${i}"]`), raw));
const everything = () => {
  redraws.forEach((redraw) => redraw());
  recolour();
};
DARK.addEventListener("change", everything);
let waiting;
window.addEventListener("resize", () => {
  clearTimeout(waiting);
  waiting = setTimeout(() => redraws.forEach((redraw) => redraw()), 150);
});
// paper is white, whatever the screen is
window.addEventListener("beforeprint", () => {
  printing = true;
  everything();
});
window.addEventListener("afterprint", () => {
  printing = false;
  everything();
});
