// Who may reach whom, before the drafts and after, as two matrices of the same scale.

import { openWorkload } from "./bus.js";
import { after, before, data, endCount, ends, shortName } from "./data.js";
import { el, number, plural, show, svg } from "./dom.js";
import { chosen, endMask, onFilter } from "./filters.js";
import { cut } from "./map.js";

const SIDE = 460;
const MARGIN = 118;
const SHADES = [0, 0.1, 0.35, 0.7, 0.999];
const MOST_WORKLOADS = 400;

const state = { grouping: 0, pair: null };
const whole = el("div", { class: "pair" });
const detail = el("div");

function grouping() {
  return data.groupings[state.grouping];
}

/** By pair of groups how many pairs of workloads may talk. */
function groupPairs(side) {
  const { groups, of } = grouping();
  const size = groups.length;
  const sums = new Int32Array((side.units.length + 1) * size);
  side.units.forEach((unit, at) => {
    for (let group = 0; group < size; group += 1) sums[(at + 1) * size + group] = sums[at * size + group];
    for (const end of unit) sums[(at + 1) * size + of[end]] += 1;
  });
  const found = new Float64Array(size * size);
  side.allowed.forEach((runs, unit) => {
    const own = new Map();
    for (const end of side.units[unit]) own.set(of[end], (own.get(of[end]) || 0) + 1);
    for (let at = 0; at < runs.length; at += 3) {
      for (let group = 0; group < size; group += 1) {
        const reached = sums[runs[at + 1] * size + group] - sums[runs[at] * size + group];
        if (reached) for (const [client, count] of own) found[client * size + group] += count * reached;
      }
      if (runs[at] <= unit && unit < runs[at + 1]) {
        for (const [client, count] of own) found[client * size + client] -= count;
      }
    }
  });
  return found;
}

const cache = new Map();

function groupMatrix() {
  if (!cache.has(state.grouping)) {
    const { groups, of } = grouping();
    const sizes = new Int32Array(groups.length);
    for (let end = 0; end < endCount; end += 1) if (before.knows(end)) sizes[of[end]] += 1;
    cache.set(state.grouping, { sizes, before: groupPairs(before), after: groupPairs(after) });
  }
  return cache.get(state.grouping);
}

/** Filters choose rows for egress, columns for ingress, and both for both. */
function axes(all, matching) {
  if (!chosen.active) return [all, all];
  return [
    chosen.direction === "ingress" ? all : matching,
    chosen.direction === "egress" ? all : matching,
  ];
}

function drawWhole() {
  const { groups, of } = grouping();
  const { sizes, ...found } = groupMatrix();
  const all = groups.map((name, at) => at).filter((at) => sizes[at]);
  const matched = new Set();
  for (let end = 0; end < endCount; end += 1) if (endMask[end] && before.knows(end)) matched.add(of[end]);
  const [rows, columns] = axes(all, all.filter((at) => matched.has(at)));
  const total = (row, column) => sizes[row] * (sizes[column] - (row === column ? 1 : 0));
  const sides = ["before", "after"].map((name) => matrix({
    title: name,
    rows: rows.map((at) => groups[at]),
    columns: columns.map((at) => groups[at]),
    value: (row, column) => {
      const pairs = total(rows[row], columns[column]);
      return pairs ? found[name][rows[row] * groups.length + columns[column]] / pairs : 0;
    },
    tell: (row, column) => {
      const at = rows[row] * groups.length + columns[column];
      return `${groups[rows[row]]} → ${groups[columns[column]]}: ${number(found.before[at])} → `
        + `${number(found.after[at])} of ${plural(total(rows[row], columns[column]), "pair")}`;
    },
    choose: (row, column) => open(rows[row], columns[column]),
  }));
  show(whole, sides);
  picker(rows, columns);
}

const fields = el("div", { class: "picker" });

function picker(rows, columns) {
  const { groups } = grouping();
  const select = (label, list, at) => {
    const field = el("select", null, list.map((group) => el("option", { value: group }, groups[group])));
    if (at !== undefined) field.value = at;
    return [field, el("label", null, `${label} `, field)];
  };
  const [from, fromLabel] = select("From", rows, state.pair?.[0]);
  const [to, toLabel] = select("to", columns, state.pair?.[1]);
  show(fields, fromLabel, toLabel, el("button", {
    type: "button",
    click: () => from.value !== "" && to.value !== "" && open(Number(from.value), Number(to.value)),
  }, "Show the workloads"));
}

function open(row, column) {
  state.pair = [row, column];
  drawDetail();
  detail.scrollIntoView({ block: "nearest" });
}

function drawDetail() {
  if (!state.pair) {
    show(detail);
    return;
  }
  const { groups, of } = grouping();
  const members = (group) => {
    const found = [];
    for (let end = 0; end < endCount; end += 1) if (of[end] === group && before.knows(end)) found.push(end);
    return found;
  };
  const rows = members(state.pair[0]);
  const columns = members(state.pair[1]);
  const cutRows = rows.slice(0, MOST_WORKLOADS);
  const cutColumns = columns.slice(0, MOST_WORKLOADS);
  const name = (end) => shortName(end, grouping().name);
  const sides = [["before", before], ["after", after]].map(([title, side]) => matrix({
    title,
    rows: cutRows.map(name),
    columns: cutColumns.map(name),
    value: (row, column) => (side.between(cutRows[row], cutColumns[column]) ? 1 : 0),
    tell: (row, column) => {
      const pair = [cutRows[row], cutColumns[column]];
      return `${ends.id[pair[0]]} → ${ends.id[pair[1]]}: ${before.between(...pair) || "nothing"} → `
        + `${after.between(...pair) || "nothing"}`;
    },
    choose: (row, column) => openWorkload(cutColumns[column]),
  }));
  const dropped = rows.length + columns.length - cutRows.length - cutColumns.length;
  show(
    detail,
    el("h3", null, `${groups[state.pair[0]]} → ${groups[state.pair[1]]}, workload by workload`),
    el("div", { class: "pair" }, sides),
    dropped > 0 && el("p", { class: "quiet" }, `${plural(dropped, "workload")} left out; group by another word to see them.`),
    reached(rows, columns),
  );
}

/** The same as a list, for those who do not see the picture. */
function reached(rows, columns) {
  const most = 200;
  const found = [];
  for (const client of rows) {
    for (const server of columns) {
      const ports = after.between(client, server);
      if (ports) found.push([client, server, ports]);
    }
  }
  return el(
    "details",
    null,
    el("summary", null, `${plural(found.length, "pair")} allowed after, as a list`),
    el("ul", { class: "plain" }, found.slice(0, most).map(([client, server, ports]) => el(
      "li",
      null,
      `${ends.id[client]} → ${ends.id[server]} `,
      el("span", { class: "quiet" }, ports),
    ))),
    found.length > most && el("p", { class: "quiet" }, `and ${number(found.length - most)} more`),
  );
}

/** One matrix as a picture: cells of one shade and row are one stroke of one path. */
function matrix({ title, rows, columns, value, tell, choose }) {
  const cell = Math.max(1, Math.min(40, SIDE / Math.max(rows.length, columns.length, 1)));
  const width = cell * columns.length;
  const height = cell * rows.length;
  const paths = SHADES.map(() => "");
  const gap = cell > 8 ? 1 : 0;
  for (let row = 0; row < rows.length; row += 1) {
    let start = 0;
    let last = -1;
    for (let column = 0; column <= columns.length; column += 1) {
      const share = column < columns.length ? value(row, column) : 0;
      const shade = share > 0 ? SHADES.findLastIndex((least) => share > least) : -1;
      if (shade === last && gap === 0) continue;
      if (last >= 0) {
        const long = (column - start) * cell - gap;
        paths[last] += `M${(start * cell).toFixed(1)} ${(row * cell).toFixed(1)}h${long.toFixed(1)}v${(cell - gap).toFixed(1)}h${(-long).toFixed(1)}z`;
      }
      start = column;
      last = shade;
    }
  }
  const readout = el("p", { class: "readout" }, " ");
  const place = (event) => {
    const box = ground.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns.length);
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows.length);
    return row >= 0 && column >= 0 && row < rows.length && column < columns.length ? [row, column] : null;
  };
  const ground = svg("rect", {
    class: "ground",
    width,
    height,
    mousemove: (event) => {
      const at = place(event);
      if (at) readout.textContent = tell(...at);
    },
    click: (event) => {
      const at = place(event);
      if (at) choose(...at);
    },
  });
  const labelled = cell >= 9;
  const margin = labelled ? MARGIN : 16;
  const size = Math.min(12, cell);
  const labels = labelled && [
    rows.map((name, at) => svg("text", { x: -6, y: (at + 0.5) * cell, "text-anchor": "end", "dominant-baseline": "central", "font-size": size }, cut(name, 19))),
    columns.map((name, at) => svg("text", { transform: `translate(${(at + 0.5) * cell} -6) rotate(-60)`, "dominant-baseline": "central", "font-size": size }, cut(name, 19))),
  ];
  return el(
    "figure",
    null,
    el("figcaption", null, title === "before" ? "Before the drafts" : "With the drafts"),
    rows.length && columns.length
      ? svg(
        "svg",
        {
          class: "matrix",
          width: Math.ceil(width + margin + (labelled ? 40 : 1)),
          viewBox: `${-margin} ${-margin} ${width + margin + (labelled ? 40 : 1)} ${height + margin + 1}`,
          role: "img",
          "aria-label": `${title}: ${plural(rows.length, "row")} and ${plural(columns.length, "column")}; the list below tells the pairs`,
        },
        labels,
        paths.map((path, shade) => path && svg("path", { class: `shade s${shade}`, d: path })),
        ground,
      )
      : el("p", { class: "quiet" }, "Nothing matches the filters."),
    readout,
  );
}

export function startMatrix() {
  const body = document.getElementById("reach-body");
  if (!before) {
    show(body, el("p", { class: "quiet" }, "This report does not say who may reach whom."));
    return;
  }
  const choice = data.groupings.length > 1 && el(
    "fieldset",
    { class: "choice" },
    el("legend", null, "Group by"),
    data.groupings.map((one, at) => el("label", null, el("input", {
      type: "radio",
      name: "reach-grouping",
      checked: at === 0,
      change: () => {
        state.grouping = at;
        state.pair = null;
        drawWhole();
        drawDetail();
      },
    }), ` ${one.name}`)),
  );
  const scale = el(
    "p",
    { class: "scale" },
    "few pairs ",
    SHADES.map((least, shade) => svg("svg", { width: 18, height: 12, "aria-hidden": "true" }, svg("rect", { class: `shade s${shade}`, width: 18, height: 12 }))),
    " all pairs",
  );
  show(body, choice, scale, whole, fields, detail);
  onFilter(drawWhole);
}
