// Opening a workload from anywhere, without every part of the page knowing every other.

const openers = [];

/** Who shows a workload when it is asked for. */
export function onOpen(opener) {
  openers.push(opener);
}

/** Show a workload. */
export function openWorkload(end) {
  for (const opener of openers) opener(end);
}
