// One set of filters for the whole page: masks over ends and edges, and who wants to know.

import { callersOf, callsOf, data, edgeCount, edges, endCount, ends, itemOfEdge, portOf } from "./data.js";
import { el, number, plural } from "./dom.js";

const WAIT = 120;
const form = document.getElementById("filters");
const readers = [];
const lowered = ends.id.map((id) => id.toLowerCase());

/** 1 for ends that match by name, namespace and segment. */
export const endMask = new Uint8Array(endCount).fill(1);
/** 1 for edges that match. */
export const edgeMask = new Uint8Array(edgeCount).fill(1);
/** What is chosen in the form. */
export const chosen = { direction: "both", active: false };

export function groupingOf(name) {
  return data.groupings.find((one) => one.name === name);
}

/** Ask to be called after every change of the filters, and once now. */
export function onFilter(reader) {
  readers.push(reader);
  reader();
}

/** Set one filter from elsewhere in the page. */
export function choose(name, value) {
  form.elements[name].value = value;
  apply();
}

function sides(group, tokens) {
  const found = new Uint8Array(endCount).fill(1);
  for (const name of ["namespace", "segment"]) {
    const grouping = groupingOf(name);
    if (!grouping || group[name] === "") continue;
    const wanted = Number(group[name]);
    for (let end = 0; end < endCount; end += 1) if (grouping.of[end] !== wanted) found[end] = 0;
  }
  const named = new Uint8Array(found);
  for (let end = 0; end < endCount; end += 1) {
    if (named[end] && !tokens.every((token) => lowered[end].includes(token))) named[end] = 0;
  }
  return [found, named];
}

function matches(edge, grouped, tokens) {
  const { direction } = chosen;
  const client = edges.client[edge];
  const server = edges.server[edge];
  const told = [];
  if (direction !== "ingress" && grouped[client]) told.push(client);
  if (direction !== "egress" && grouped[server]) told.push(server);
  if (!told.length) return false;
  const port = tokens.length ? portOf(edge).toLowerCase() : "";
  return tokens.every((token) =>
    port.includes(token) || told.some((end) => lowered[end].includes(token)));
}

function apply() {
  const values = Object.fromEntries(new FormData(form));
  const tokens = values.text.toLowerCase().split(/\s+/).filter(Boolean);
  chosen.direction = values.direction;
  chosen.active = Boolean(tokens.length || values.namespace || values.segment || values.doubt);
  const [grouped, named] = sides(values, tokens);
  const least = values.doubt === "" ? -1 : Number(values.doubt);
  let count = 0;
  for (let edge = 0; edge < edgeCount; edge += 1) {
    const at = itemOfEdge.get(edge);
    const doubtful = least < 0 || (at !== undefined && data.review[at].score >= least);
    edgeMask[edge] = doubtful && matches(edge, grouped, tokens) ? 1 : 0;
    count += edgeMask[edge];
  }
  const busy = (end) => [...callsOf[end], ...callersOf[end]].some((edge) => edgeMask[edge]);
  let workloads = 0;
  for (let end = 0; end < endCount; end += 1) {
    endMask[end] = named[end] && (least < 0 || busy(end)) ? 1 : 0;
    workloads += endMask[end] && ends.workload[end];
  }
  const text = `${plural(count, "edge")} and ${plural(workloads, "workload")} match`;
  document.getElementById("match-count").textContent = chosen.active ? text : "";
  for (const reader of readers) reader();
}

export function startFilters() {
  for (const grouping of data.groupings) {
    const select = form.elements[grouping.name];
    grouping.groups.forEach((name, at) => select.append(el("option", { value: at }, name)));
    if (grouping.name === "segment") document.getElementById("by-segment").hidden = false;
  }
  let waiting = 0;
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(apply, WAIT);
  };
  form.addEventListener("input", soon);
  form.addEventListener("reset", soon);
  form.addEventListener("submit", (event) => event.preventDefault());
}
