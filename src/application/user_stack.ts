/** Stacks reduced to the user's frames. */
import { fileURLToPath } from "node:url";
import { printable } from "../text/printable.ts";

/** Maximum number of errors shown: an error, its causes and collected errors. */
const MAX_CAUSES = 8;
/** URL of this server's own files: `src/`, or the folder of the npm package. */
const OWN_ROOT = new URL("../", import.meta.url).href;

/** Bun 1.4 throws a `BuildMessage` for a syntax error: it has a position instead of a stack. */
interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly lineText: string;
}

/**
 * Formats `error` and its causes, without the frames of the runtime and of this server. Several
 * lines, without a final line end. Never throws.
 *
 * @param ownRoot URL of the folder whose frames are removed; ends with a slash.
 */
export function userStack(error: unknown, ownRoot: string = OWN_ROOT): string {
  const parts: string[] = [];
  const seen = new Set<unknown>();
  const add = (label: string, value: unknown): void => {
    if (seen.has(value) || seen.size >= MAX_CAUSES) return;
    seen.add(value);
    parts.push(label + cutStack(value, ownRoot));
    if (typeof value !== "object" || value === null) return;
    const { cause, errors } = value as {
      readonly cause?: unknown;
      readonly errors?: unknown;
    };
    if (cause !== undefined) add("Caused by: ", cause);
    if (Array.isArray(errors)) {
      errors.forEach((each) => add("Collected: ", each));
    }
  };
  try {
    add("", error);
  } catch {
    parts.push("Something was thrown that cannot be shown");
  }
  return parts.join("\n");
}

/** What a log shows of `error`: its name and message, and {@linkcode userStack} as its stack. */
export function userError(error: unknown, ownRoot: string = OWN_ROOT): Error {
  const stack = userStack(error, ownRoot);
  const shown = new Error("");
  shown.stack = stack;
  try {
    const { name, message } = error as Partial<Error>;
    if (typeof message === "string") shown.message = uncoloured(message);
    if (typeof name === "string") shown.name = name;
  } catch {
    // Not an object, or one that cannot be read: the stack says what there is to say.
  }
  return shown;
}

function cutStack(value: unknown, ownRoot: string): string {
  const text = stackOf(value);
  const isForeign = frameFilter(ownRoot);
  return text.split("\n")
    .filter((line) => !/^\s+at /.test(line) || !isForeign(line))
    .map((line) => line.replaceAll("\t", "    "))
    .map(printable)
    .join("\n");
}

function stackOf(value: unknown): string {
  if (typeof value !== "object" || value === null || !("message" in value)) {
    return `Thrown value: ${
      typeof value === "string" ? JSON.stringify(value) : String(value)
    }`;
  }
  const { name, message, stack, position } = value as Error & {
    readonly position?: Position;
  };
  const said = String(message);
  if (position?.file) {
    const kind = name === "BuildMessage" ? "SyntaxError" : name;
    const { file, line, column, lineText } = position;
    return `${kind}: ${said}\n    ${
      String(lineText ?? "").trim()
    }\n    at ${file}:${line}:${column}`;
  }
  const headline = said === "" ? String(name) : `${name}: ${said}`;
  if (typeof stack !== "string" || stack === "") return headline;
  const whole = stack.includes(said)
    ? uncoloured(stack)
    : `${uncoloured(headline)}\n${uncoloured(stack)}`;
  // Deno 2.9 wraps syntax errors of modules in a TypeError.
  return whole.replace(/^TypeError: (?=SyntaxError: )/, "");
}

/** Deno 2.9 colours positions in messages even where colours are off. */
function uncoloured(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "").trimEnd();
}

/** Returns whether a frame belongs to the runtime or to this server. */
function frameFilter(ownRoot: string): (line: string) => boolean {
  const ownPath = ownRoot.startsWith("file:")
    ? fileURLToPath(ownRoot)
    : ownRoot;
  return (line) => {
    // Frames without a path are the engine's: "at Array.map (<anonymous>)", "at load (native:1:11)".
    if (!/[/\\]/.test(line)) return true;
    if (/(^|[\s(])(node|ext|bun|internal|deno):/.test(line)) return true;
    return line.includes(ownRoot) || line.includes(ownPath);
  };
}
