// What a person should know or decide, the gravest first.

import { data } from "./data.js";
import { el, number, pager, plural, show } from "./dom.js";
import { onFilter } from "./filters.js";

const PAGE = 40;
const state = { page: 0, code: "" };
const list = el("div");
const [SEVERITY, CODE, SUBJECT, MESSAGE, HINT, WHERE] = [0, 1, 2, 3, 4, 5];

function wanted() {
  const text = document.getElementById("filters").elements.text.value.toLowerCase();
  const tokens = text.split(/\s+/).filter(Boolean);
  return data.findings.filter((one) => {
    if (state.code && one[CODE] !== state.code) return false;
    const words = `${one[SUBJECT]} ${one[MESSAGE]} ${one[CODE]}`.toLowerCase();
    return tokens.every((token) => words.includes(token));
  });
}

function finding(one) {
  return el(
    "li",
    { class: `finding ${one[SEVERITY]}` },
    el("p", null, el("strong", null, one[SEVERITY]), ` ${one[CODE]}: ${one[SUBJECT]}`),
    el("p", null, one[MESSAGE]),
    one[WHERE] && el("p", { class: "quiet" }, `at ${one[WHERE]}`),
    one[HINT] && el("p", { class: "hint" }, el("code", null, one[HINT])),
  );
}

function draw() {
  const found = wanted();
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  state.page = Math.min(state.page, pages - 1);
  const rows = found.slice(state.page * PAGE, (state.page + 1) * PAGE);
  show(
    list,
    el("p", { class: "quiet" }, found.length ? plural(found.length, "finding") : "No finding matches."),
    el("ul", { class: "plain" }, rows.map(finding)),
    pager(state.page, pages, (page) => {
      state.page = page;
      draw();
    }),
  );
}

export function startFindings() {
  const codes = new Map();
  for (const one of data.findings) codes.set(one[CODE], (codes.get(one[CODE]) || 0) + 1);
  const select = el(
    "select",
    {
      change: (event) => {
        state.code = event.target.value;
        state.page = 0;
        draw();
      },
    },
    el("option", { value: "" }, "all"),
    [...codes].map(([code, count]) => el("option", { value: code }, `${code} (${number(count)})`)),
  );
  show(document.getElementById("findings-body"), el("p", null, el("label", null, "Kind ", select)), list);
  onFilter(() => {
    state.page = 0;
    draw();
  });
}
