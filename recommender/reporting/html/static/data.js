// The data of the page, and the questions that its other parts ask of it.

export const data = JSON.parse(document.getElementById("data").textContent);
export const ends = data.ends;
export const edges = data.edges;
export const endCount = ends.id.length;
export const edgeCount = edges.client.length;

const draftedEdges = new Uint8Array(edgeCount);
for (const edge of edges.drafted) draftedEdges[edge] = 1;

/** The question about an edge, by the edge. */
export const itemOfEdge = new Map(data.review.map((item, at) => [item.edge, at]));

function gathered(column) {
  const found = Array.from({ length: endCount }, () => []);
  for (let edge = 0; edge < edgeCount; edge += 1) found[column[edge]].push(edge);
  return found;
}

/** The edges of which an end is the client, and of which it is the server. */
export const callsOf = gathered(edges.client);
export const callersOf = gathered(edges.server);

const spaces = data.groupings.find((one) => one.name === "namespace");

/** The name of an end among others: with its namespace, unless that is what groups them. */
export function shortName(end, grouping) {
  if (grouping === "namespace") return ends.name[end];
  return `${spaces.groups[spaces.of[end]]}/${ends.name[end]}`;
}

export function portOf(edge) {
  const protocol = edges.words.protocol[edges.protocol[edge]];
  return edges.port[edge] ? `${protocol}/${edges.port[edge]}` : protocol;
}

/** What became of an edge: a word, and the class that colours it. */
export function stateOf(edge) {
  if (draftedEdges[edge]) return ["drafted", "drafted"];
  const at = itemOfEdge.get(edge);
  if (at !== undefined && !data.review[at].drafted) {
    return data.review[at].decision === "reject" ? ["rejected", "denied"] : ["in review", "review"];
  }
  const verdict = edges.words.verdict[edges.verdict[edge]];
  return verdict === "accepted" ? ["no rule", "aside"] : [verdict, verdict === "denied" ? "denied" : "aside"];
}

/** Who may reach whom on one side, before the drafts or after. */
class Reach {
  constructor(side) {
    this.units = side.units;
    this.ports = side.ports;
    this.allowed = side.allowed;
    this.unitOf = new Int32Array(endCount).fill(-1);
    side.units.forEach((unit, at) => unit.forEach((end) => { this.unitOf[end] = at; }));
  }

  knows(end) {
    return this.unitOf[end] >= 0;
  }

  /** The ports from one end to another as text, empty where nothing may pass. */
  between(client, server) {
    const runs = this.allowed[this.unitOf[client]];
    const to = this.unitOf[server];
    if (!runs || to < 0 || client === server) return "";
    for (let at = 0; at < runs.length; at += 3) {
      if (runs[at] <= to && to < runs[at + 1]) return this.ports[runs[at + 2]];
    }
    return "";
  }

  /** Every workload that may reach an end, with the ports. */
  into(end) {
    const found = [];
    if (!this.knows(end)) return found;
    this.units.forEach((unit) => {
      const ports = this.between(unit[0] === end ? unit[1] ?? end : unit[0], end);
      if (ports) for (const one of unit) if (one !== end) found.push([one, ports]);
    });
    return found;
  }

  /** How many workloads may reach each end. */
  counts() {
    const sums = new Int32Array(this.units.length + 1);
    const own = new Uint8Array(this.units.length);
    this.allowed.forEach((runs, unit) => {
      for (let at = 0; at < runs.length; at += 3) {
        sums[runs[at]] += this.units[unit].length;
        sums[runs[at + 1]] -= this.units[unit].length;
        if (runs[at] <= unit && unit < runs[at + 1]) own[unit] = 1;
      }
    });
    let sum = 0;
    const found = new Int32Array(endCount).fill(-1);
    this.units.forEach((unit, at) => {
      sum += sums[at];
      for (const end of unit) found[end] = sum - own[at];
    });
    return found;
  }
}

export const before = data.reach ? new Reach(data.reach.before) : null;
export const after = data.reach ? new Reach(data.reach.after) : null;
export const callersBefore = before ? before.counts() : new Int32Array(endCount).fill(-1);
export const callersAfter = after ? after.counts() : new Int32Array(endCount).fill(-1);

let unpacked = null;

/** The text of a draft, as its file holds it. */
export async function yamlOf(policy) {
  unpacked ??= (async () => {
    const bytes = Uint8Array.from(atob(data.yaml), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return (await new Response(stream).text()).split("\0");
  })();
  return (await unpacked)[policy];
}
