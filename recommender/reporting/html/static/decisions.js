// What was decided, what follows from it, and the file that `recommend --decisions` takes.

import { after, data, edges, ends } from "./data.js";

/** The words of a decision, in the order in which they are offered. */
export const WORDS = ["accept", "reject", "defer"];

/** What is decided about each question: a word or "", and a reason. */
export const decided = data.review.map((item) => ({
  word: item.decision || "",
  reason: item.decision_reason,
}));

/** Whether a question was answered here, other than the report says. */
export function changed(at) {
  const item = data.review[at];
  return decided[at].word !== (item.decision || "") || decided[at].reason !== item.decision_reason;
}

/** Whether a decision lacks the reason that it needs. */
export function lacksReason(at) {
  return decided[at].word === "reject" && !decided[at].reason.trim();
}

/** Whether an edge would be drafted once the decisions are taken. */
export function drafts(at) {
  const item = data.review[at];
  if (item.forbidden) return false;
  if (!changed(at)) return Boolean(item.drafted);
  const word = lacksReason(at) ? "" : decided[at].word;
  if (word === "accept" || word === "reject") return word === "accept";
  return data.review_settings.accept_all || (word === "" && item.score < data.review_settings.threshold);
}

/** The drafts that one more edge, or one fewer, changes: of the client and of the server. */
export function touchedPolicies(at) {
  const item = data.review[at];
  const found = new Set();
  for (const [end, side] of [[item.client, "Egress"], [item.server, "Ingress"]]) {
    for (const policy of ends.policies[end]) {
      if (data.policies[policy].types.includes(side)) found.add(policy);
    }
  }
  return found;
}

/** What changes against the drafts of this report when they are made anew with the decisions. */
export function consequence() {
  const found = { added: [], taken: [], policies: new Set(), opened: new Set(), flows: 0, waiting: 0 };
  data.review.forEach((item, at) => {
    const will = drafts(at);
    if (!will && decided[at].word !== "reject") found.waiting += 1;
    if (will === Boolean(item.drafted)) return;
    (will ? found.added : found.taken).push(at);
    for (const policy of touchedPolicies(at)) found.policies.add(policy);
    if (will) found.flows += edges.flows[item.edge] || 0;
    const [client, server] = [item.client, item.server];
    if (will && after && client !== server && after.knows(client) && after.knows(server)
        && !after.between(client, server)) found.opened.add(`${client} ${server}`);
  });
  return found;
}

/** Text as a YAML scalar in double quotes, in ASCII: no reader takes it for anything else. */
export function quoted(text) {
  let found = "";
  for (const letter of text) {
    const code = letter.codePointAt(0);
    if (letter === "\"" || letter === "\\") found += `\\${letter}`;
    else if (code >= 0x20 && code < 0x7f) found += letter;
    else if (code < 0x100) found += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code < 0x10000) found += `\\u${code.toString(16).padStart(4, "0")}`;
    else found += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return `"${found}"`;
}

/** The decisions file: every question that has an answer, the new ones with who gave it. */
export function decisionsFile(by) {
  const lines = ["version: 1", "decisions:"];
  data.review.forEach((item, at) => {
    const { word } = decided[at];
    if (!word || lacksReason(at)) return;
    const { key, client, server, protocol, port, evidence, decision_reason: given, decision_by: before } = item.raw;
    const reason = changed(at) ? decided[at].reason.trim() : given;
    const who = changed(at) ? by.trim() : before;
    lines.push(
      `- key: ${quoted(key)}`,
      `  client: ${quoted(client)}`,
      `  server: ${quoted(server)}`,
      `  protocol: ${quoted(protocol)}`,
      `  port: ${Number(port)}`,
      `  decision: ${quoted(word)}`,
      `  reason: ${quoted(reason)}`,
    );
    if (who) lines.push(`  by: ${quoted(who)}`);
    if (evidence) lines.push(`  evidence: [${evidence.map(quoted).join(", ")}]`);
  });
  if (lines.length === 2) lines[1] = "decisions: []";
  return `${lines.join("\n")}\n`;
}
