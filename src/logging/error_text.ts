/** Formats what was thrown as lines. */
import { printableLines } from "../text/printable.ts";

/**
 * Maximum number of errors shown: an error, its causes and collected errors. A chain may be
 * endless.
 */
const MAX_CAUSES = 8;

/**
 * Formats the stack of `error`, then those of its causes and of the errors it collects
 * (AggregateError). Never throws, whatever was thrown. No final line end.
 */
export function errorText(error: unknown): string {
  try {
    return printableLines(chain(error));
  } catch {
    return "Something was thrown that cannot be shown";
  }
}

function chain(error: unknown): string {
  const seen = new Set<unknown>();
  const parts: string[] = [];
  const add = (label: string, value: unknown): void => {
    if (seen.has(value) || seen.size >= MAX_CAUSES) return;
    seen.add(value);
    parts.push(label + one(value));
    if (!isErrorLike(value)) return;
    const { cause, errors } = value as {
      readonly cause?: unknown;
      readonly errors?: unknown;
    };
    if (cause !== undefined) add("Caused by: ", cause);
    if (Array.isArray(errors)) {
      for (const each of errors) add("Collected: ", each);
    }
  };
  add("", error);
  return parts.join("\n");
}

function one(value: unknown): string {
  if (!isErrorLike(value)) return `Thrown value: ${shown(value)}`;
  const { name, message, stack } = value as Error;
  const headline = message === "" ? String(name) : `${name}: ${message}`;
  if (typeof stack !== "string" || stack === "") return headline;
  // The stack has the message of construction; prefer a message that was changed later.
  return stack.includes(message)
    ? stack.trimEnd()
    : `${headline}\n${stack.trimEnd()}`;
}

/** Not `instanceof Error`: errors of another realm are none here. */
function isErrorLike(value: unknown): boolean {
  return typeof value === "object" && value !== null && "message" in value &&
    "stack" in value;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value !== "object" || value === null) return String(value);
  return JSON.stringify(value) ?? Object.prototype.toString.call(value);
}
