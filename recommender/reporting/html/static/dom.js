// Elements made one by one: text is always text, and only names written here become markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(2)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return node;
}

/** An element of HTML; attributes that are functions are listeners. */
export function el(name, attributes, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An element of SVG. */
export function svg(name, attributes, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

/** What an element holds, replaced. */
export function show(node, ...children) {
  node.replaceChildren();
  return filled(node, null, children);
}

/** A name that may break after a slash. */
export function breakable(text) {
  return text.split("/").flatMap((part, at) => (at ? ["/", el("wbr"), part] : [part]));
}

/** A number with its thousands apart. */
export function number(value) {
  return value.toLocaleString("en-US");
}

/** `1 edge`, `2 edges`. */
export function plural(count, unit, units) {
  return `${number(count)} ${count === 1 ? unit : units || `${unit}s`}`;
}

/** A day and an hour in UTC. */
export function moment(seconds) {
  if (seconds === null || seconds === undefined) return "unknown";
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

/** Buttons to turn the pages of a list. */
export function pager(page, pages, turn) {
  if (pages < 2) return null;
  const button = (label, to) =>
    el("button", { type: "button", disabled: to < 0 || to >= pages, click: () => turn(to) }, label);
  return el(
    "div",
    { class: "pager" },
    button("Back", page - 1),
    el("span", null, `Page ${number(page + 1)} of ${number(pages)}`),
    button("Next", page + 1),
  );
}

/** A table in a box that scrolls sideways where it has to. */
export function table(label, heads, rows) {
  const cell = (value, at) => {
    const numeric = heads[at].startsWith("#");
    return el("td", { class: numeric ? "num" : null }, value);
  };
  return el(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    el(
      "table",
      null,
      el("thead", null, el("tr", null, heads.map((head) => el(
        "th",
        { scope: "col", class: head.startsWith("#") ? "num" : null },
        head.replace("#", ""),
      )))),
      el("tbody", null, rows.map((row) => el("tr", null, row.map(cell)))),
    ),
  );
}
