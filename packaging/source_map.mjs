/**
 * Source maps (ECMA-426), as far as bundles need them: taken out of a text that Bun wrote, and
 * composed where a bundle was made of bundles. Bun 1.4 reads no map of what it is given.
 *
 * A map here is `{ sources, lines }`. Each line has its segments, and a segment is
 * `[column]` where nothing is known, or `[column, source, line, column]`. All count from zero.
 */
import { Buffer } from "node:buffer";

const DIGITS =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/** Bits of a base64 digit that are value, and the bit that says that more follow. */
const DIGIT_BITS = 5;
const CONTINUES = 1 << DIGIT_BITS;

/** What stands between a text and its map where Bun writes both, with `--sourcemap=inline`. */
const BETWEEN =
  /\n+(?:\/\/# debugId=\w+\n)?\/\/# sourceMappingURL=data:application\/json;base64,/g;

/** Parts a text from the map behind it. @returns `text` and `map`. */
export function takeMap(bundled) {
  const match = [...bundled.matchAll(BETWEEN)].at(-1);
  if (match === undefined) {
    throw new Error("Cannot find the source map of a bundle");
  }
  const encoded = bundled.slice(match.index + match[0].length);
  const json = Buffer.from(encoded, "base64").toString("utf8");
  return {
    text: `${bundled.slice(0, match.index)}\n`,
    map: readMap(JSON.parse(json)),
  };
}

function readMap({ sources, mappings }) {
  let [source, line, column] = [0, 0, 0];
  const lines = mappings.split(";").map((text) => {
    let at = 0;
    return text.split(",").filter(Boolean).map((digits) => {
      const [forward, ...origin] = readNumbers(digits);
      at += forward;
      if (origin.length === 0) return [at];
      source += origin[0];
      line += origin[1];
      column += origin[2];
      return [at, source, line, column];
    });
  });
  return { sources, lines };
}

/** The JSON of a map. */
export function writeMap({ sources, lines }) {
  let [source, line, column] = [0, 0, 0];
  const mappings = lines.map((segments) => {
    let at = 0;
    return segments.map((segment) => {
      let digits = writeNumber(segment[0] - at);
      at = segment[0];
      if (segment.length > 1) {
        digits += writeNumber(segment[1] - source) +
          writeNumber(segment[2] - line) + writeNumber(segment[3] - column);
        [, source, line, column] = segment;
      }
      return digits;
    }).join(",");
  });
  return JSON.stringify({
    version: 3,
    sources,
    // They are files. Bun 1.4 takes no map without this field.
    sourcesContent: sources.map(() => null),
    names: [],
    mappings: mappings.join(";"),
  });
}

/**
 * The map of a text whose map leads to other bundles, to what those were made of.
 *
 * @param mapOf The map of a source of `map`; `undefined` if it has none, and is in no stack.
 */
export function composeMaps(map, mapOf) {
  const sources = new Map();
  const indexOf = (name) => {
    if (!sources.has(name)) sources.set(name, sources.size);
    return sources.get(name);
  };
  const lines = map.lines.map((segments) =>
    segments.map(([at, bundle, line, column]) => {
      const inner = bundle === undefined
        ? undefined
        : mapOf(map.sources[bundle]);
      const [, source, ...place] =
        findSegment(inner?.lines[line] ?? [], column) ?? [];
      return source === undefined
        ? [at]
        : [at, indexOf(inner.sources[source]), ...place];
    })
  );
  return { sources: [...sources.keys()], lines };
}

/**
 * Writes what is not ASCII as escapes, which mean the same wherever Bun leaves such characters: in
 * strings, in templates, in regular expressions. @returns `text` and `map`.
 */
export function escapeText({ text, map }) {
  const lines = [...map.lines];
  const escaped = text.split("\n").map((line, at) => {
    // deno-lint-ignore no-control-regex
    if (/^[\0-\x7f]*$/.test(line)) return line;
    const columns = [];
    let result = "";
    for (let i = 0; i < line.length; i++) {
      columns.push(result.length);
      const code = line.charCodeAt(i);
      result += code < 0x80
        ? line[i]
        : `\\u${code.toString(16).padStart(4, "0")}`;
    }
    lines[at] = lines[at]?.map(([column, ...place]) => [
      columns[column] ?? result.length,
      ...place,
    ]) ?? [];
    return result;
  });
  return { text: escaped.join("\n"), map: { ...map, lines } };
}

/**
 * `map` with the segments alone that lead to another line than the one in front of them: less than
 * half of the size, for columns that nobody misses in a stack.
 */
export function linesOnly({ sources, lines }) {
  const place = ([, source, line] = []) => `${source} ${line}`;
  return {
    sources,
    lines: lines.map((segments) =>
      segments.filter((segment, at) =>
        at === 0
          ? segment.length > 1
          : place(segment) !== place(segments[at - 1])
      )
    ),
  };
}

/** The last segment that begins at `column` or in front of it. */
function findSegment(segments, column) {
  return segments.findLast(([at]) => at <= column);
}

/** Numbers in base64 digits: the lowest first, and a sign in the lowest bit. */
function readNumbers(digits) {
  const numbers = [];
  let [value, shift] = [0, 0];
  for (const digit of digits) {
    const bits = DIGITS.indexOf(digit);
    value += (bits & (CONTINUES - 1)) << shift;
    shift += DIGIT_BITS;
    if (bits & CONTINUES) continue;
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

function writeNumber(number) {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let digits = "";
  do {
    const bits = rest & (CONTINUES - 1);
    rest >>>= DIGIT_BITS;
    digits += DIGITS[rest > 0 ? bits | CONTINUES : bits];
  } while (rest > 0);
  return digits;
}
