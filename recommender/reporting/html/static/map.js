// Who talks to whom: groups on a circle, and one group opened into its workloads.

import { openWorkload } from "./bus.js";
import { callersOf, callsOf, data, edgeCount, edges, ends, portOf, shortName, stateOf } from "./data.js";
import { el, number, plural, show, svg, table } from "./dom.js";
import { choose, edgeMask, endMask, onFilter } from "./filters.js";

const MOST_GROUPS = 60;
const MOST_ROWS = 40;
const MOST_BLOCKS = 100;
const SIZE = 760;
const RADIUS = 236;
const ROW = 24;

const MANY = 20;
const HUB = 4;
const state = { grouping: 0, group: null, hubs: data.groupings[0].groups.length <= MANY, zoom: 1, x: 0, y: 0 };
const tools = el("div", { class: "tools" });
const picture = el("div", { class: "circle" });
const panel = el("aside", { class: "panel", "aria-live": "polite" });
const inside = el("div", { class: "inside" });

function grouping() {
  return data.groupings[state.grouping];
}

/** Edges between groups that pass the filters: counts by a key of the pair. */
function links() {
  const { of, groups } = grouping();
  const found = new Map();
  for (let edge = 0; edge < edgeCount; edge += 1) {
    if (!edgeMask[edge]) continue;
    const key = of[edges.client[edge]] * groups.length + of[edges.server[edge]];
    found.set(key, (found.get(key) || 0) + 1);
  }
  return found;
}

function weigh(found) {
  const { groups, of } = grouping();
  const weights = groups.map((name, group) => ({ group, name, edges: 0, workloads: 0 }));
  for (const [key, count] of found) {
    weights[Math.floor(key / groups.length)].edges += count;
    if (Math.floor(key / groups.length) !== key % groups.length) {
      weights[key % groups.length].edges += count;
    }
  }
  of.forEach((group, end) => { weights[group].workloads += ends.workload[end]; });
  return weights;
}

/** Groups with far more peers than others: they hide everything else. */
function hubs(found, busy) {
  const { groups } = grouping();
  const peers = new Map(busy.map((one) => [one.group, new Set()]));
  for (const key of found.keys()) {
    const [from, to] = [Math.floor(key / groups.length), key % groups.length];
    peers.get(from)?.add(to);
    peers.get(to)?.add(from);
  }
  const counts = [...peers.values()].map((one) => one.size).sort((one, two) => one - two);
  const most = Math.max(MANY, HUB * counts[Math.floor(counts.length / 2)]);
  return busy.filter((one) => one.group !== state.group && peers.get(one.group).size > most);
}

function drawCircle() {
  const found = links();
  const { groups } = grouping();
  const all = weigh(found).filter((one) => one.edges || one.group === state.group);
  const left = state.hubs ? [] : hubs(found, all);
  const busy = all.filter((one) => !left.includes(one));
  const shown = [...busy].sort((one, two) =>
    (two.group === state.group) - (one.group === state.group) || two.edges - one.edges);
  const kept = shown.slice(0, MOST_GROUPS).sort((one, two) => one.group - two.group);
  const places = new Map(kept.map((one, at) => {
    const angle = (at / kept.length) * 2 * Math.PI - Math.PI / 2;
    return [one.group, { ...one, angle, x: Math.cos(angle) * RADIUS, y: Math.sin(angle) * RADIUS }];
  }));
  const lines = svg("g", { class: "chords" });
  for (const [key, count] of [...found].sort((one, two) => one[1] - two[1])) {
    const from = places.get(Math.floor(key / groups.length));
    const to = places.get(key % groups.length);
    if (!from || !to || from === to) continue;
    lines.append(svg("path", {
      class: `chord${touches(from, to)}`,
      d: chord(from, to),
      "stroke-width": (1 + Math.log2(count)).toFixed(1),
    }));
  }
  const dots = [...places.values()].map((place, at) => dot(place, kept.length, at));
  show(
    picture,
    svg(
      "svg",
      {
        viewBox: view(),
        role: "group",
        "aria-label": `Map of ${plural(kept.length, grouping().name)}`,
        class: state.group === null ? (crowding(lines.childElementCount)) : "chosen",
        pointerdown: grab,
      },
      lines,
      dots,
    ),
    busy.length > kept.length && el(
      "p",
      { class: "quiet" },
      `The ${kept.length} busiest of ${number(busy.length)} ${grouping().name}s; filter to see others.`,
    ),
    left.length > 0 && el(
      "p",
      { class: "quiet" },
      `Left out, since they talk to far more groups than others: ${left.map((one) => one.name).join(", ")}.`,
    ),
    !kept.length && el("p", { class: "quiet" }, "Nothing matches the filters."),
  );
}

function crowding(count) {
  if (count > 400) return "crowd";
  return count > 120 ? "many" : null;
}

function view() {
  const size = SIZE / state.zoom;
  return `${state.x - size / 2} ${state.y - size / 2} ${size} ${size}`;
}

function zoom(by) {
  state.zoom = by ? Math.min(8, Math.max(1, state.zoom * by)) : 1;
  if (state.zoom === 1) [state.x, state.y] = [0, 0];
  picture.querySelector("svg")?.setAttribute("viewBox", view());
}

/** Drag the map where it is enlarged. */
function grab(event) {
  if (state.zoom === 1 || event.button) return;
  const box = event.currentTarget;
  const scale = SIZE / state.zoom / box.clientWidth;
  const from = { x: event.clientX, y: event.clientY, left: state.x, top: state.y };
  const drag = (moved) => {
    state.x = from.left - (moved.clientX - from.x) * scale;
    state.y = from.top - (moved.clientY - from.y) * scale;
    box.setAttribute("viewBox", view());
  };
  const drop = () => {
    window.removeEventListener("pointermove", drag);
    window.removeEventListener("pointerup", drop);
  };
  window.addEventListener("pointermove", drag);
  window.addEventListener("pointerup", drop);
}

function drawTools() {
  const button = (label, name, by) => el("button", { type: "button", "aria-label": name, click: () => zoom(by) }, label);
  show(
    tools,
    data.groupings.length > 1 && el(
      "fieldset",
      { class: "choice" },
      el("legend", null, "Group by"),
      data.groupings.map((one, at) => el("label", null, el("input", {
        type: "radio",
        name: "grouping",
        checked: at === state.grouping,
        change: () => {
          state.grouping = at;
          state.group = null;
          state.hubs = one.groups.length <= MANY;
          drawTools();
          draw();
        },
      }), ` ${one.name}`)),
    ),
    grouping().groups.length > MANY && el("label", null, el("input", {
      type: "checkbox",
      checked: state.hubs,
      change: (event) => {
        state.hubs = event.target.checked;
        draw();
      },
    }), " with hubs, which talk to far more groups than others"),
    el("span", null, button("+", "Enlarge the map", 1.5), " ", button("−", "Shrink the map", 1 / 1.5), " ", button("Whole", "Show the whole map", 0)),
  );
}

function touches(from, to) {
  if (from.group === state.group) return " out";
  return to.group === state.group ? " in" : "";
}

function chord(from, to) {
  const pull = 0.18;
  const bend = (one, two) => ((one + two) * pull).toFixed(1);
  const at = (place) => `${place.x.toFixed(1)} ${place.y.toFixed(1)}`;
  return `M${at(from)}Q${bend(from.x, to.x)} ${bend(from.y, to.y)} ${at(to)}`;
}

function dot(place, count, at) {
  const left = Math.cos(place.angle) < -0.01;
  const turn = (place.angle * 180) / Math.PI;
  const far = RADIUS + 16;
  const flat = count <= 16;
  const label = place.name.length > 22 ? `${place.name.slice(0, 21)}…` : place.name;
  const middle = flat && Math.abs(Math.cos(place.angle)) < 0.3;
  const transform = flat
    ? `translate(${(Math.cos(place.angle) * far).toFixed(1)} ${(Math.sin(place.angle) * (far + 6)).toFixed(1)})`
    : `rotate(${turn.toFixed(2)}) translate(${far} 0)${left ? " rotate(180)" : ""}`;
  const size = Math.min(flat ? 13 : 8, 4.5 + 1.4 * Math.sqrt(place.workloads));
  return svg(
    "g",
    {
      class: `dot${place.group === state.group ? " here" : ""}`,
      role: "button",
      tabindex: place.group === state.group || (state.group === null && at === 0) ? 0 : -1,
      "aria-pressed": String(place.group === state.group),
      "aria-label": `${place.name}: ${plural(place.workloads, "workload")}, ${plural(place.edges, "edge")}`,
      "data-group": place.group,
      click: () => choosePlace(place.group),
      keydown: (event) => step(event, place.group),
    },
    svg("circle", { cx: place.x.toFixed(1), cy: place.y.toFixed(1), r: size.toFixed(1) }),
    svg(
      "text",
      {
        transform,
        "dominant-baseline": "middle",
        "text-anchor": middle ? "middle" : left ? "end" : "start",
        class: flat ? "big" : null,
      },
      label,
    ),
  );
}

function step(event, group) {
  const dots = [...picture.querySelectorAll(".dot")];
  const here = dots.findIndex((one) => Number(one.dataset.group) === group);
  const moves = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  if (event.key in moves) {
    const next = dots[(here + moves[event.key] + dots.length) % dots.length];
    dots[here].setAttribute("tabindex", -1);
    next.setAttribute("tabindex", 0);
    next.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    choosePlace(group);
    picture.querySelector(`.dot[data-group="${group}"]`)?.focus();
  } else return;
  event.preventDefault();
}

function choosePlace(group) {
  state.group = state.group === group ? null : group;
  draw();
}

function tally(own, other) {
  const { of } = grouping();
  const found = new Map();
  for (let edge = 0; edge < edgeCount; edge += 1) {
    if (!edgeMask[edge] || of[own[edge]] !== state.group) continue;
    const group = of[other[edge]];
    found.set(group, (found.get(group) || 0) + 1);
  }
  return [...found].sort((one, two) => two[1] - one[1] || one[0] - two[0]);
}

function list(title, found, way) {
  const { groups } = grouping();
  const rows = found.filter(([group]) => group !== state.group);
  return el(
    "div",
    null,
    el("h4", { class: `way ${way}` }, title),
    rows.length
      ? el("ul", { class: "plain" }, rows.slice(0, MOST_ROWS).map(([group, count]) => el(
        "li",
        null,
        el("button", { type: "button", class: "link", click: () => choosePlace(group) }, groups[group]),
        el("span", { class: "quiet" }, ` ${plural(count, "edge")}`),
      )))
      : el("p", { class: "quiet" }, "nobody"),
  );
}

function drawPanel() {
  if (state.group === null) {
    const { name } = grouping();
    show(
      panel,
      el("h3", null, name === "segment" ? "Segments" : "Namespaces, and what lies outside them"),
      el("p", { class: "quiet" }, "Choose one here or on the map. With keys: Tab to the map, arrows to move, Enter to choose."),
      el("ul", { class: "plain" }, weigh(links()).filter((one) => one.edges).map((one) => el(
        "li",
        null,
        el("button", { type: "button", class: "link", click: () => choosePlace(one.group) }, one.name),
        el("span", { class: "quiet" }, ` ${one.workloads ? `${plural(one.workloads, "workload")}, ` : ""}${plural(one.edges, "edge")}`),
      ))),
    );
    return;
  }
  const name = grouping().groups[state.group];
  const members = grouping().of.filter((group, end) => group === state.group && ends.workload[end]);
  const within = tally(edges.client, edges.server).find(([group]) => group === state.group);
  show(
    panel,
    el("h3", null, name),
    el("p", null, `${plural(members.length, "workload")}, ${plural(within ? within[1] : 0, "edge")} among themselves`),
    segmentFacts(name),
    list("Called by", tally(edges.server, edges.client), "in"),
    list("Calls", tally(edges.client, edges.server), "out"),
    el("p", null, el("button", { type: "button", click: () => choose(grouping().name, state.group) }, "Filter the page to it")),
  );
}

function segmentFacts(name) {
  const segment = grouping().name === "segment" && data.segments.find((one) => one.name === name);
  if (!segment) return null;
  const facts = [
    segment.hub && "a hub: most others talk to it",
    typeof segment.stability === "number" && `stability ${segment.stability.toFixed(2)} of 1`,
    segment.shares && "its workloads share a policy",
    segment.waits && `would share one with the label ${segment.waits}`,
    segment.fits_badly.length > 0 && `fits badly: ${segment.fits_badly.map((end) => ends.name[end]).join(", ")}`,
  ].filter(Boolean);
  return el("ul", { class: "facts" }, facts.map((fact) => el("li", null, fact)));
}

/** Rules between whole segments, and what they allow that nobody saw. */
function blocksPart() {
  if (!data.blocks.length) return null;
  const added = data.blocks.reduce((sum, block) => sum + block.added, 0);
  return el(
    "details",
    null,
    el("summary", null, `${plural(data.blocks.length, "rule")} between whole segments, which add ${plural(added, "pair")} that nobody saw`),
    table("Rules between segments", ["From", "To", "Port", "#Edges", "#Added", "First pairs added"], data.blocks.slice(0, MOST_BLOCKS).map((block) => [
      block.source,
      block.destination,
      block.port,
      number(block.edges),
      number(block.added),
      el("span", { class: "quiet" }, block.pairs.slice(0, 5).join(", ") || "none"),
    ])),
    data.blocks.length > MOST_BLOCKS && el("p", { class: "quiet" }, `and ${number(data.blocks.length - MOST_BLOCKS)} more in report.json`),
  );
}

/** One group opened: who calls its workloads on the left, what they call on the right. */
function drawInside() {
  if (state.group === null) {
    show(inside);
    return;
  }
  const { of, groups } = grouping();
  const members = [];
  of.forEach((group, end) => {
    const touched = [...callsOf[end], ...callersOf[end]].filter((edge) => edgeMask[edge]);
    if (group === state.group && (touched.length || (endMask[end] && ends.workload[end]))) {
      members.push([end, touched.length]);
    }
  });
  members.sort((one, two) => two[1] - one[1]);
  const kept = members.slice(0, MOST_ROWS).map(([end]) => end)
    .sort((one, two) => (ends.id[one] < ends.id[two] ? -1 : 1));
  const row = new Map(kept.map((end, at) => [end, at]));
  const left = new Map();
  const right = new Map();
  const among = [];
  for (const end of kept) {
    for (const edge of callersOf[end]) if (edgeMask[edge]) note(left, of[edges.client[edge]], edge, row.get(end));
    for (const edge of callsOf[end]) {
      if (!edgeMask[edge]) continue;
      const other = row.get(edges.server[edge]);
      if (other !== undefined) among.push([row.get(end), other, edge]);
      else note(right, of[edges.server[edge]], edge, row.get(end));
    }
  }
  left.delete(state.group);
  const rows = Math.max(left.size, kept.length, right.size, 1);
  const height = rows * ROW + 8;
  const middle = (at, count) => (rows - count) * ROW / 2 + at * ROW + ROW / 2 + 4;
  const lines = svg("g", { class: "chords" });
  const texts = [];
  side(left, 250, 330, "end");
  side(right, 750, 670, "start");
  for (const [from, to, edge] of among) {
    const [one, two] = [middle(from, kept.length), middle(to, kept.length)];
    const far = 670 + 12 + Math.min(40, Math.abs(from - to) * 5);
    lines.append(svg("path", {
      class: `chord ${stateOf(edge)[1]}`,
      d: from === to ? `M670 ${one - 4}C700 ${one - 10} 700 ${one + 10} 670 ${one + 4}` : `M670 ${one}C${far} ${one} ${far} ${two} 670 ${two}`,
    }, svg("title", null, `${ends.id[edges.client[edge]]} calls ${ends.id[edges.server[edge]]} on ${portOf(edge)}`)));
  }
  kept.forEach((end, at) => {
    texts.push(svg(
      "g",
      { class: "member", role: "link", tabindex: 0, click: () => openWorkload(end), keydown: (event) => event.key === "Enter" && openWorkload(end) },
      svg("rect", { x: 332, y: middle(at, kept.length) - 10, width: 336, height: 20, rx: 3 }),
      svg("text", { x: 500, y: middle(at, kept.length), "text-anchor": "middle", "dominant-baseline": "central" }, cut(shortName(end, grouping().name), 44)),
    ));
  });

  function side(groupsThere, x, to, anchor) {
    [...groupsThere].sort((one, two) => one[0] - two[0]).slice(0, MOST_ROWS).forEach(([group, found], at) => {
      const count = Math.min(groupsThere.size, MOST_ROWS);
      const y = middle(at, count);
      texts.push(svg("text", { x: x + (anchor === "end" ? -6 : 6), y, "text-anchor": anchor, "dominant-baseline": "central", class: "far" }, cut(groups[group], 30)));
      for (const [member, touched] of found) {
        const there = middle(member, kept.length);
        const bend = (x + to) / 2;
        lines.append(svg("path", {
          class: `chord ${worst(touched)}`,
          d: `M${x} ${y}C${bend} ${y} ${bend} ${there} ${to} ${there}`,
          "stroke-width": (1 + Math.log2(touched.length)).toFixed(1),
        }, svg("title", null, `${plural(touched.length, "edge")}: ${[...new Set(touched.map(portOf))].slice(0, 6).join(", ")}`)));
      }
    });
  }

  show(
    inside,
    el("h3", null, `Inside ${groups[state.group]}`),
    el("p", { class: "legend" }, ["drafted", "review", "denied", "aside"].map((name) => el(
      "span",
      { class: `key ${name}` },
      { drafted: "drafted", review: "in review", denied: "denied or rejected", aside: "makes no rule" }[name],
    ))),
    el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": `Inside ${groups[state.group]}` }, svg(
      "svg",
      { class: "columns-map", viewBox: `0 0 1000 ${height}`, role: "group", "aria-label": `Callers, workloads and servers of ${groups[state.group]}` },
      svg("g", null, lines),
      texts,
    )),
    members.length > kept.length && el("p", { class: "quiet" }, `The ${kept.length} busiest of ${number(members.length)} workloads; filter to see others.`),
  );
}

function note(found, group, edge, member) {
  if (!found.has(group)) found.set(group, new Map());
  const inner = found.get(group);
  if (!inner.has(member)) inner.set(member, []);
  inner.get(member).push(edge);
}

function worst(touched) {
  const classes = new Set(touched.map((edge) => stateOf(edge)[1]));
  return ["review", "denied", "drafted", "aside"].find((name) => classes.has(name));
}

export function cut(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function draw() {
  drawCircle();
  drawPanel();
  drawInside();
}

export function startMap() {
  const body = document.getElementById("map-body");
  drawTools();
  show(body, tools, el("div", { class: "map" }, picture, panel), inside, blocksPart());
  onFilter(draw);
}
