// @ts-self-types="./report.d.mts"
// Reads what the three test runners report and compares what they ran. Plain JavaScript, because
// tests/run.mjs starts on versions of Node that do not run TypeScript.

/** Name of the case that stands for a file which failed outside of its tests. */
export const WHOLE_FILE = "(the whole file)";

const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescape(text) {
  return text.replace(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, decimal, hex, name) => {
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
      return ENTITIES[name] ?? whole;
    },
  );
}

function attribute(tag, name) {
  const match = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  // Node escapes the ampersand of an entity once more.
  return match === null
    ? undefined
    : unescape(match[1].replaceAll("&amp;quot;", "&quot;"));
}

/** Of a long message: what was asserted stands first, what happened last before that stands last. */
const FIRST_LINES = 15;
const LAST_LINES = 50;

/** The first and the last lines of a message, with the number of those left out between them. */
export function excerpt(text) {
  const lines = text.trimEnd().split("\n");
  const omitted = lines.length - FIRST_LINES - LAST_LINES;
  if (omitted <= 1) return lines.join("\n");
  return [
    ...lines.slice(0, FIRST_LINES),
    `… ${omitted} lines …`,
    ...lines.slice(-LAST_LINES),
  ].join("\n");
}

export function readReport(xml, file) {
  const cases = [];
  // The outermost suites of Deno and Bun are files, not groups.
  const hasFileSuites = /<testsuites name="(deno|bun) test"/.test(xml);
  const suites = [];
  let current;
  // An attribute may hold ">", and the text of a failure any number of quotes.
  const tags =
    /<!--[^]*?-->|<(\/?)(testsuite|testcase|failure|error|skipped)\b((?:[^">]|"[^"]*")*?)(\/?)>/g;
  for (let match = tags.exec(xml); match !== null; match = tags.exec(xml)) {
    const [, closes, kind, rest, closesItself] = match;
    if (kind === undefined) continue;
    if (kind === "testsuite") {
      if (closes) suites.pop();
      else if (!closesItself) suites.push(attribute(rest, "name") ?? "");
    } else if (kind === "testcase") {
      if (closes) continue;
      const groups = hasFileSuites ? suites.slice(1) : suites;
      current = {
        name: [...groups, attribute(rest, "name") ?? ""].join(" > "),
        status: "passed",
        message: "",
      };
      cases.push(current);
    } else if (!closes && current !== undefined) {
      current.status = kind === "skipped" ? "skipped" : "failed";
      const end = closesItself ? -1 : xml.indexOf(`</${kind}>`, tags.lastIndex);
      const content = end < 0
        ? ""
        : unescape(xml.slice(tags.lastIndex, end)).trim();
      current.message = content || (attribute(rest, "message") ?? "");
    }
  }
  return cases.filter((one) => {
    const isGroup = cases.some((other) =>
      other.name.startsWith(`${one.name} > `)
    );
    // Deno reports groups as cases; one that failed by itself, in a hook, still counts.
    if (isGroup) {
      return one.status === "failed" &&
        !/^\d+ test steps? failed/.test(one.message);
    }
    if (one.name !== file && one.name !== file.split("/").pop()) return true;
    one.name = WHOLE_FILE;
    return one.status === "failed";
  });
}

/** The runtimes write control characters of a name in three ways: only what they agree on counts. */
function key(name) {
  return name.replace(/\\+(x[0-9a-f]{2}|u\{?[0-9a-f]+\}?|[nrtbfv0])/gi, "")
    .replace(/[^!-~]+/g, "");
}

const MARKER = /\[(deno|bun|node)\]/g;

export function findDifferences(reports, runtimes) {
  const differences = [];
  const files = [...new Set(reports.map((report) => report.file))];
  for (const file of files) {
    const names = new Map();
    const own = reports.filter((one) => one.file === file);
    // What broke as a whole has failed already, and so have all the names it did not get to.
    const broken = own.filter((one) =>
      one.cases.some((each) => each.name === WHOLE_FILE)
    );
    const running = runtimes.filter((name) =>
      !broken.some((one) => one.runtime === name)
    );
    for (const report of own) {
      if (broken.includes(report)) continue;
      for (const { name, status } of report.cases) {
        if (status === "skipped") continue;
        const entry = names.get(key(name)) ?? { name, counts: {} };
        entry.counts[report.runtime] = (entry.counts[report.runtime] ?? 0) + 1;
        names.set(key(name), entry);
      }
    }
    for (const { name, counts } of names.values()) {
      // What a test says of itself goes before what its group says of all.
      const marks = name.split(" > ").map((part) => [...part.matchAll(MARKER)])
        .findLast((matches) => matches.length > 0) ?? [];
      const marked = marks.map((match) => match[1]);
      const meant = marked.length === 0
        ? running
        : running.filter((name) => marked.includes(name));
      const most = Math.max(...Object.values(counts));
      const missing = meant.filter((runtime) => (counts[runtime] ?? 0) < most);
      if (missing.length > 0) {
        differences.push(
          `${file}: "${name}" did not run on ${missing.join(" and ")}`,
        );
      }
    }
    const isSkipped = own.some((one) =>
      one.cases.some((each) => each.status === "skipped")
    );
    if (names.size === 0 && broken.length === 0 && !isSkipped) {
      differences.push(`${file}: no test ran on any runtime`);
    }
  }
  return differences;
}
