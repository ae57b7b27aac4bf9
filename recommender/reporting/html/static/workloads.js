// Every workload: its policies, their evidence, who could reach it and who still can.

import { onOpen } from "./bus.js";
import { after, before, callersAfter, callersBefore, callersOf, callsOf, data, edges, endCount, ends, itemOfEdge, stateOf, yamlOf } from "./data.js";
import { breakable, el, number, pager, plural, show, table } from "./dom.js";
import { EDGE_HEADS, edgeRow } from "./evidence.js";
import { endMask, onFilter } from "./filters.js";

const PAGE = 40;
const MOST_EDGES = 60;
const state = { page: 0, here: null, sort: "name", shown: [] };
const list = el("div", { class: "list" });
const detail = el("article", { class: "detail", tabindex: -1, "aria-live": "polite" });

const waiting = new Int32Array(endCount);
for (const item of data.review) {
  if (item.drafted || item.decision === "reject") continue;
  waiting[item.client] += 1;
  if (item.client !== item.server) waiting[item.server] += 1;
}

const ORDERS = {
  name: (one, two) => one - two,
  "callers left": (one, two) => callersAfter[two] - callersAfter[one] || one - two,
  "in review": (one, two) => waiting[two] - waiting[one] || one - two,
  "no draft": (one, two) => ends.policies[one].length - ends.policies[two].length || one - two,
};

function side(end, name) {
  const drafts = ends.policies[end].map((at) => data.policies[at]).filter((policy) => policy.types.includes(name));
  if (!drafts.length) return "open";
  const wanted = name === "Egress" ? 1 : 0;
  const rules = drafts.reduce((sum, policy) => sum + policy.rules.filter((rule) => rule[0] === wanted).length, 0);
  return rules ? plural(rules, "rule") : "denied";
}

function callers(end) {
  if (callersBefore[end] < 0) return "";
  return `${number(callersBefore[end])} → ${number(callersAfter[end])}`;
}

function draw() {
  const rows = state.shown.slice(state.page * PAGE, (state.page + 1) * PAGE);
  show(
    list,
    el("p", { class: "quiet" }, `${plural(state.shown.length, "workload")}, sorted by `, el(
      "select",
      {
        "aria-label": "Sort by",
        change: (event) => {
          state.sort = event.target.value;
          gather();
        },
      },
      Object.keys(ORDERS).map((name) => el("option", { value: name, selected: name === state.sort }, name)),
    )),
    table("Workloads", ["Workload", "#Callers", "Ingress", "Egress", "#In review"], rows.map((end) => [
      el("button", {
        type: "button",
        class: "link name",
        "aria-current": end === state.here ? "true" : null,
        click: () => open(end),
      }, breakable(ends.id[end])),
      callers(end),
      side(end, "Ingress"),
      side(end, "Egress"),
      waiting[end] ? number(waiting[end]) : "",
    ])),
    pager(state.page, Math.ceil(state.shown.length / PAGE), (page) => {
      state.page = page;
      draw();
    }),
  );
}

function gather() {
  state.shown = [];
  for (let end = 0; end < endCount; end += 1) {
    if (!ends.workload[end]) continue;
    if (endMask[end]) state.shown.push(end);
  }
  state.shown.sort(ORDERS[state.sort]);
  state.page = 0;
  draw();
}

function peers(title, found, none) {
  const most = 200;
  return el(
    "details",
    null,
    el("summary", null, title),
    found.length
      ? el("ul", { class: "names" }, found.slice(0, most).map(([end, ports]) => el("li", null, ends.id[end], el("span", { class: "quiet" }, ` ${ports}`))))
      : el("p", { class: "quiet" }, none),
    found.length > most && el("p", { class: "quiet" }, `and ${number(found.length - most)} more`),
  );
}

function edgesTable(label, found, peerOf) {
  const rows = found.slice(0, MOST_EDGES).map((edge) => edgeRow(edge, peerOf(edge)));
  return [
    table(label, EDGE_HEADS, rows),
    found.length > MOST_EDGES && el("p", { class: "quiet" }, `and ${number(found.length - MOST_EDGES)} more in report.json`),
  ];
}

function ruleRow(rule, at) {
  const [egress, evidence, reason, marks] = rule;
  const known = evidence.filter((edge) => edge >= 0);
  return el(
    "li",
    null,
    el("h5", null, `${egress ? "Egress" : "Ingress"} rule ${at + 1}`, marks.map((mark) => [" ", el("span", { class: "state review" }, mark)])),
    reason && el("p", { class: "quiet" }, `Reason: ${reason}`),
    known.length
      ? edgesTable("Evidence", known, (edge) => (egress ? edges.server[edge] : edges.client[edge]))
      : el("p", { class: "quiet" }, "No edge of its own stands behind it."),
  );
}

function policyPart(at) {
  const policy = data.policies[at];
  const text = el("pre", { tabindex: 0, "aria-label": `Text of ${policy.file}` });
  const found = el(
    "section",
    { class: "policy" },
    el("h4", null, el("code", null, policy.file)),
    text,
    el("details", { open: policy.rules.length <= 8 }, el("summary", null, `${plural(policy.rules.length, "rule")} with evidence`), el("ol", { class: "plain" }, policy.rules.map((rule, place) => ruleRow(rule, rule[0] ? place - policy.rules.filter((one) => !one[0]).length : place)))),
  );
  yamlOf(at).then((yaml) => { text.textContent = yaml; });
  return found;
}

function leftOut(end) {
  const found = [...callersOf[end], ...callsOf[end]].filter((edge, at, all) => stateOf(edge)[1] !== "drafted" && all.indexOf(edge) === at);
  if (!found.length) return el("p", { class: "quiet" }, "Nothing: every edge of it is drafted.");
  return [
    edgesTable("What was left out", found, (edge) => (edges.client[edge] === end ? edges.server[edge] : edges.client[edge])),
    found.flatMap((edge) => {
      const item = data.review[itemOfEdge.get(edge)];
      return item && !item.drafted ? [el("p", { class: "quiet" }, `In review: ${item.reasons.map((one) => one[1]).join("; ")}`)] : [];
    }),
  ];
}

function findingsOf(end) {
  const names = new Set([ends.id[end], ...ends.policies[end].map((at) => data.policies[at].name)]);
  const found = data.findings.filter((one) => names.has(one[2]));
  return found.length && el("ul", { class: "plain" }, found.map((one) => el("li", null, el("strong", null, one[0]), ` ${one[1]}: ${one[3]}`)));
}

function open(end) {
  state.here = end;
  const reach = before && before.knows(end);
  const was = reach ? before.into(end) : [];
  const now = reach ? after.into(end) : [];
  const gone = new Set(was.map(([one]) => one));
  for (const [one] of now) gone.delete(one);
  const drafts = ends.policies[end];
  show(
    detail,
    el("h3", null, breakable(ends.id[end])),
    el("p", { class: "quiet" }, `${plural(ends.pods[end], "pod")}, known from ${ends.known_from[end]}; traffic observed: ${ends.observed[end].join(" and ").toLowerCase() || "no direction"}`),
    reach && [
      el("h4", null, "Who could reach it, and who still can"),
      el("p", null, `${plural(was.length, "workload")} before, ${number(now.length)} with the drafts: ${number(gone.size)} can no longer.`),
      peers(`${number(now.length)} still can`, now, "nobody"),
      peers(`${number(gone.size)} can no longer`, was.filter(([one]) => gone.has(one)), "nobody"),
    ],
    el("h4", null, plural(drafts.length, "policy", "policies")),
    drafts.length ? drafts.map(policyPart) : el("p", { class: "quiet" }, "It has no draft; the findings say why."),
    el("h4", null, "What was left out, and why"),
    leftOut(end),
    findingsOf(end),
  );
  draw();
}

function arrive(end) {
  open(end);
  document.getElementById("workloads").scrollIntoView();
  detail.focus({ preventScroll: true });
}

export function startWorkloads() {
  show(document.getElementById("workloads-body"), el("div", { class: "workloads" }, list, detail));
  show(detail, el("p", { class: "quiet" }, "Choose a workload to see its policies, their evidence, and who may reach it."));
  onOpen(arrive);
  onFilter(gather);
}
