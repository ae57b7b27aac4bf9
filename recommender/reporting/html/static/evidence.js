// The evidence of an edge, in words.

import { edges, ends, portOf, stateOf } from "./data.js";
import { breakable, el, moment, plural } from "./dom.js";
import { openWorkload } from "./bus.js";

/** The name of an end, which opens it where it is a workload. */
export function endName(end) {
  if (!ends.workload[end]) return el("span", { class: "name" }, breakable(ends.id[end]));
  return el("button", { type: "button", class: "link name", click: () => openWorkload(end) }, breakable(ends.id[end]));
}

/** Where the records of an edge stand in the logs. */
export function samplesOf(edge) {
  return edges.samples[edge].map(([file, line]) => `${edges.words.files[file]}:${line}`).join(", ");
}

/** Where an outside end was seen: names or addresses. */
export function addressesOf(edge) {
  return edges.names[edge].join(", ");
}

/** How much was seen of an edge, and when. */
export function seen(edge) {
  const pods = `${plural(edges.client_pods[edge], "client")} and ${plural(edges.server_pods[edge], "server")}`;
  return `${plural(edges.flows[edge], "connection")} on ${plural(edges.days[edge], "day")} in `
    + `${plural(edges.hours[edge], "hour")}, ${pods}, ${moment(edges.first[edge])} to ${moment(edges.last[edge])} UTC`;
}

/** What an edge became. */
export function stateBadge(edge) {
  const [word, kind] = stateOf(edge);
  return el("span", { class: `state ${kind}` }, word);
}

/** The heads of a table of edges. */
export const EDGE_HEADS = ["Peer", "Port", "State", "#Conn.", "#Days", "First and last seen, UTC"];

/** The cells of one edge, seen from one of its ends. */
export function edgeRow(edge, peer) {
  const addresses = addressesOf(edge);
  const records = samplesOf(edge);
  return [
    el(
      "span",
      null,
      endName(peer),
      addresses && el("span", { class: "quiet" }, ` ${addresses}`),
      records && el("span", { class: "quiet at" }, records),
    ),
    portOf(edge),
    stateBadge(edge),
    String(edges.flows[edge]),
    String(edges.days[edge]),
    el("span", { class: "times" }, moment(edges.first[edge]), el("br"), moment(edges.last[edge])),
  ];
}
