/**
 * What is said over a control socket: a line of JSON each way, `{"command":"status"}` and
 * `{"ok":true,"result":…}` or `{"ok":false,"error":"…"}`. A connection may ask again and again.
 */
import { printable } from "../text/printable.ts";

/** Longest request, in bytes with its line end: all of them are short. */
export const MAX_REQUEST_BYTES = 4096;

/** What can be asked for. */
export type ControlCommand = "status" | "stop" | "reload";

/** One request. */
export interface ControlRequest {
  readonly command: ControlCommand;
  /** Of `stop`: whether requests in progress are cut off. */
  readonly isForced: boolean;
}

/** The answer to a request. `error` is one line. */
export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string };

const COMMANDS: readonly string[] = [
  "status",
  "stop",
  "reload",
] satisfies ControlCommand[];

/** Most of what is wrong that is shown, in characters. */
const MAX_SHOWN = 40;

/** Reads one line without its end. What is not a request becomes the `error` of an answer. */
export function readRequest(
  line: string,
): ControlRequest | { readonly error: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: `Cannot read request ${shown(line)}: expected JSON` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { error: `Cannot read request ${shown(line)}: expected an object` };
  }
  const { command, force = false } = value as Record<string, unknown>;
  if (typeof command !== "string" || !COMMANDS.includes(command)) {
    return {
      error: `Cannot do ${shown(JSON.stringify(command) ?? "nothing")}: ` +
        `expected "command" to be one of ${COMMANDS.join(", ")}`,
    };
  }
  if (typeof force !== "boolean") {
    return { error: `Cannot ${command}: expected "force" to be true or false` };
  }
  return { command: command as ControlCommand, isForced: force };
}

/** The line for an answer, with its end. */
export function answerLine(answer: ControlAnswer): string {
  return `${JSON.stringify(answer)}\n`;
}

/** The line for a request, with its end. */
export function requestLine({ command, isForced }: ControlRequest): string {
  return `${
    JSON.stringify(isForced ? { command, force: true } : { command })
  }\n`;
}

function shown(text: string): string {
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return `'${printable(cut)}'`;
}
