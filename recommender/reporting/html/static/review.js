// Questions for a person, answered with mouse or keys; what follows is shown at once.

import { changed, consequence, decided, decisionsFile, drafts, lacksReason, touchedPolicies, WORDS } from "./decisions.js";
import { after, data, edges, portOf } from "./data.js";
import { el, number, pager, plural, show } from "./dom.js";
import { addressesOf, endName, samplesOf, seen } from "./evidence.js";
import { edgeMask, onFilter } from "./filters.js";

const PAGE = 25;
const KEYS = { a: "accept", r: "reject", d: "defer", u: "" };
const state = { page: 0, here: 0, shown: [], saved: true, open: false };
const list = el("ol", { class: "items", "aria-label": "Questions to decide" });
const pages = el("div");
const tally = el("p", { class: "quiet" });
const who = el("input", { type: "text", maxlength: 100, autocomplete: "name" });
const outcome = el("div", { class: "outcome", role: "status" });

function wanted() {
  return data.review.map((item, at) => at).filter((at) => {
    const item = data.review[at];
    return (item.edge < 0 || edgeMask[item.edge]) && !(state.open && decided[at].word);
  });
}

function answer(at, word) {
  if (word === "accept" && data.review[at].forbidden) return;
  decided[at].word = word;
  state.saved = false;
  refresh(at);
}

function rowOf(at) {
  return list.querySelector(`[data-item="${at}"]`);
}

function refresh(at) {
  const row = rowOf(at);
  if (row) {
    for (const input of row.querySelectorAll("input[type=radio]")) input.checked = input.value === decided[at].word;
    row.querySelector(".why").hidden = decided[at].word !== "reject";
    const missing = lacksReason(at);
    const field = row.querySelector(".why input");
    field.setAttribute("aria-invalid", String(missing));
    row.className = `item ${decided[at].word}${missing ? " missing" : ""}`;
    show(row.querySelector(".then"), then(at));
  }
  drawOutcome();
}

/** What one answer does. */
function then(at) {
  const item = data.review[at];
  const { word } = decided[at];
  const names = [...touchedPolicies(at)].map((policy) => data.policies[policy].file);
  const files = names.length ? names.join(" and ") : "no draft yet";
  const flows = plural(edges.flows[item.edge] || 0, "connection");
  if (item.forbidden) return "It breaks a goal: no decision can draft it.";
  if (word === "accept") {
    if (!after?.knows(item.client) || !after.knows(item.server)) return `Gets a rule in ${files}.`;
    const open = after.between(item.client, item.server);
    return `Gets a rule in ${files}; ${open ? `the pair may talk already, on ${open}` : "one more pair may talk"}.`;
  }
  if (word === "reject") {
    return lacksReason(at) ? "Needs a reason before it goes into the file." : `Stays without a rule: ${flows} like those seen would be denied.`;
  }
  if (word === "defer") return `Stays without a rule and in review: ${flows} like those seen would be denied until then.`;
  return drafts(at) ? `Is drafted in ${files} unless you decide otherwise.` : `Waits: ${flows} like those seen would be denied until it is accepted.`;
}

function drawItem(at) {
  const item = data.review[at];
  const name = `decision-${at}`;
  const radios = WORDS.map((word) => el(
    "label",
    null,
    el("input", {
      type: "radio",
      name,
      value: word,
      tabindex: -1,
      checked: decided[at].word === word,
      disabled: word === "accept" && Boolean(item.forbidden),
      change: () => {
        answer(at, word);
        if (word === "reject") row.querySelector(".why input").focus();
      },
    }),
    ` ${word[0].toUpperCase()}${word.slice(1)}`,
  ));
  const port = item.edge < 0 ? `${item.protocol}/${item.port}` : portOf(item.edge);
  const addresses = item.edge < 0 ? "" : addressesOf(item.edge);
  const row = el(
    "li",
    {
      class: "item",
      "data-item": at,
      tabindex: -1,
      "aria-label": `${item.score.toFixed(2)} doubt`,
      keydown: (event) => press(event, at),
      focusin: () => { state.here = at; },
    },
    el(
      "div",
      { class: "what" },
      el("span", { class: "score", title: "doubt from 0 to 1" }, item.score.toFixed(2)),
      el("h3", null, endName(item.client), el("span", { class: "quiet" }, " calls "), endName(item.server), ` on ${port}`),
    ),
    addresses && el("p", { class: "quiet" }, addresses),
    item.stale && el("p", null, "It was accepted once; what speaks against it now was not known then."),
    el("ul", { class: "reasons" }, item.reasons.map(([code, text]) => el("li", null, text, " ", el("code", null, code)))),
    item.edge >= 0 && el("p", { class: "quiet" }, `${seen(item.edge)}. `, samplesOf(item.edge) && `Records: ${samplesOf(item.edge)}.`),
    el("fieldset", { class: "answer" }, el("legend", { class: "hidden" }, "Decision"), radios),
    el("label", { class: "why", hidden: true }, "Why not? ", el("input", {
      type: "text",
      value: decided[at].reason,
      maxlength: 500,
      input: (event) => {
        decided[at].reason = event.target.value;
        state.saved = false;
        row.className = `item ${decided[at].word}${lacksReason(at) ? " missing" : ""}`;
        event.target.setAttribute("aria-invalid", String(lacksReason(at)));
        show(row.querySelector(".then"), then(at));
        drawOutcome();
      },
      keydown: (event) => {
        event.stopPropagation();
        if (event.key === "Enter" || event.key === "Escape") {
          event.preventDefault();
          row.focus();
        }
      },
    })),
    el("p", { class: "then" }),
  );
  return row;
}

function press(event, at) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const moves = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
  const radio = event.target.type === "radio";
  if (event.key in moves && !(radio && event.key.startsWith("Arrow"))) move(at, moves[event.key]);
  else if (event.key in KEYS) {
    answer(at, KEYS[event.key]);
    if (event.key === "r") rowOf(at).querySelector(".why input").focus();
  } else return;
  event.preventDefault();
}

function move(at, by) {
  const next = state.shown.indexOf(at) + by;
  if (next < 0 || next >= state.shown.length) return;
  turn(Math.floor(next / PAGE));
  focusOn(state.shown[next]);
}

function focusOn(at) {
  state.here = at;
  for (const row of list.children) row.tabIndex = Number(row.dataset.item) === at ? 0 : -1;
  rowOf(at)?.focus();
}

function turn(page) {
  if (page === state.page && list.children.length) return;
  state.page = page;
  drawList();
}

function drawList() {
  const rows = state.shown.slice(state.page * PAGE, (state.page + 1) * PAGE);
  show(list, rows.map(drawItem));
  rows.forEach(refresh);
  if (rows.length && !rows.includes(state.here)) [state.here] = rows;
  for (const row of list.children) row.tabIndex = Number(row.dataset.item) === state.here ? 0 : -1;
  show(pages, pager(state.page, Math.ceil(state.shown.length / PAGE), turn));
}

function draw() {
  state.shown = wanted();
  state.page = 0;
  drawList();
  const word = state.shown.length === data.review.length ? "" : ` of ${number(data.review.length)}`;
  tally.textContent = `${number(state.shown.length)}${word} shown, the most doubtful first.`;
}

function drawOutcome() {
  const found = consequence();
  const answered = decided.filter((one) => one.word).length;
  const missing = decided.filter((one, at) => lacksReason(at)).length;
  const waits = document.getElementById("badge");
  waits.hidden = !found.waiting;
  waits.textContent = number(found.waiting);
  const files = [...found.policies].map((policy) => data.policies[policy].file).sort();
  show(
    outcome,
    el("h3", null, "What follows"),
    el(
      "ul",
      { class: "plain" },
      el("li", { id: "decided" }, `${number(answered)} of ${number(data.review.length)} decided, ${number(found.waiting)} still wait`),
      el("li", { id: "edges-added" }, `${plural(found.added.length, "edge")} more drafted (${plural(found.flows, "connection")} seen), ${number(found.taken.length)} fewer`),
      el("li", { id: "pairs-opened" }, `${plural(found.opened.size, "more pair")} of workloads may talk`),
      el("li", { id: "drafts-changed" }, `${plural(files.length, "draft")} changed${files.length ? ": " : ""}`, files.slice(0, 12).map((file, at) => [at ? ", " : "", el("code", null, file)]), files.length > 12 && ` and ${number(files.length - 12)} more`),
      missing > 0 && el("li", { class: "missing" }, `${plural(missing, "rejection")} without a reason, which the file leaves out`),
    ),
  );
}

function download() {
  const file = new Blob([decisionsFile(who.value)], { type: "application/yaml" });
  const link = el("a", { href: URL.createObjectURL(file), download: "decisions.yaml" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  state.saved = true;
}

export function startReview() {
  const body = document.getElementById("review-body");
  if (!data.review.length) {
    show(body, el("p", { class: "about" }, "Nothing waits for a decision."));
    return;
  }
  show(
    body,
    el("p", { class: "about" }, "Traffic that was let through and answered, and may still not be meant. No rule allows what waits here. Decide, download the decisions, and draft again with ", el("code", null, "recommender recommend … --decisions decisions.yaml"), "."),
    el("p", { class: "keys" }, "Keys, with the focus on a question: ", [["j", "next"], ["k", "back"], ["a", "accept"], ["r", "reject"], ["d", "defer"], ["u", "undo"]].map(([key, word]) => [el("kbd", null, key), ` ${word} `])),
    el(
      "div",
      { class: "deciding" },
      el("div", null, el("p", null, el("label", null, el("input", { type: "checkbox", change: (event) => { state.open = event.target.checked; draw(); } }), " only what is not decided")), tally, list, pages),
      el("aside", { class: "panel sticky", "aria-label": "Consequences" }, outcome, el("label", { class: "why" }, "Decided by ", who), el("button", { type: "button", class: "main", id: "download", click: download }, "Download decisions.yaml")),
    ),
  );
  onFilter(draw);
  drawOutcome();
  window.addEventListener("beforeunload", (event) => {
    if (!state.saved && data.review.some((item, at) => changed(at))) event.preventDefault();
  });
}
