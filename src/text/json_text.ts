/** Reads JSON, and says where it is wrong: `JSON.parse()` of JavaScriptCore does not. */

/** A value, or the first problem. */
export type JsonResult =
  | { readonly value: unknown }
  | {
    /** Counted from 1. */
    readonly line: number;
    /** To follow a colon. */
    readonly problem: string;
  };

const STRING = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;
const SCALAR =
  /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)(?![\w.])/y;
const SPACE = /[ \t\r\n]*/y;

/** A string, or a comment. */
const COMMENTS = /"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g;
/** A string, or a comma behind the last item. */
const LAST_COMMAS = /"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g;

/**
 * Parses `text`, whose byte order mark is skipped. A key that stands twice in an object is a problem.
 *
 * @param hasComments Whether comments and a comma behind the last item are allowed, as in deno.json.
 */
export function readJson(text: string, hasComments: boolean): JsonResult {
  const json = text.replace(/^\uFEFF/, "");
  const source = hasComments ? withoutComments(json) : json;
  const fault = findFault(source);
  if (fault === undefined) return { value: JSON.parse(source) };
  const line = source.slice(0, fault.at).split("\n").length;
  return { line, problem: fault.problem };
}

/** Replaces comments by spaces, so that places stay the same. */
function withoutComments(text: string): string {
  const blank = (part: string): string =>
    part.startsWith('"') ? part : part.replace(/[^\n]/g, " ");
  return text.replace(COMMENTS, blank).replace(LAST_COMMAS, blank);
}

/** A place in the text, and what is wrong there. */
interface Fault {
  readonly at: number;
  readonly problem: string;
}

function findFault(text: string): Fault | undefined {
  let at = 0;
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    if (!pattern.test(text)) return false;
    at = pattern.lastIndex;
    return true;
  };
  const expected = (what: string): Fault => ({
    at,
    problem: at >= text.length
      ? `it ends where ${what} is expected`
      : `expected ${what}`,
  });

  /** Skips white space, then `char`, if it is there. */
  const accept = (char: string): boolean => {
    skip(SPACE);
    if (text[at] !== char) return false;
    at++;
    return true;
  };
  const skipValue = (): Fault | undefined => {
    skip(SPACE);
    if (accept("{")) return skipMembers();
    if (accept("[")) return skipItems();
    return skip(STRING) || skip(SCALAR) ? undefined : expected("a value");
  };
  const skipItems = (): Fault | undefined => {
    if (accept("]")) return undefined;
    do {
      const fault = skipValue();
      if (fault !== undefined) return fault;
    } while (accept(","));
    return accept("]") ? undefined : expected('"," or "]"');
  };
  const skipMembers = (): Fault | undefined => {
    if (accept("}")) return undefined;
    const keys = new Set<string>();
    do {
      skip(SPACE);
      const start = at;
      if (!skip(STRING)) return expected("a key in double quotes");
      const key = text.slice(start, at);
      if (keys.has(key)) {
        return { at: start, problem: `the key ${key} stands there twice` };
      }
      keys.add(key);
      if (!accept(":")) return expected('":"');
      const fault = skipValue();
      if (fault !== undefined) return fault;
    } while (accept(","));
    return accept("}") ? undefined : expected('"," or "}"');
  };

  const fault = skipValue();
  if (fault !== undefined) return fault;
  skip(SPACE);
  return at < text.length ? expected("nothing behind the value") : undefined;
}
