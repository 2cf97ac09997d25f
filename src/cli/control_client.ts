/** Asks a running server over its control socket. */
import { connect } from "node:net";
import { clearTimeout, setTimeout } from "node:timers";
import { type ControlRequest, requestLine } from "../control/protocol.ts";
import { ConfigError } from "../errors.ts";
import { printable } from "../text/printable.ts";

/** Largest answer that is read, in characters: a status of hundreds of workers is smaller. */
const MAX_ANSWER = 16 * 1024 * 1024;

/** How to ask. */
export interface AskOptions {
  /** Time limit in milliseconds; `Infinity` for none. */
  readonly limitMs: number;
  /** Whether to wait, after the answer, until the server closes the connection: until it has ended. */
  readonly untilEnd?: boolean;
}

/** The server answered that it could not do it; the message is its own. */
export class ControlRefusal extends Error {}

/**
 * Sends one request and resolves to the result.
 *
 * @throws ConfigError, with exit code 3, if no server answers at `path`; {@linkcode ControlRefusal}.
 */
export function ask(
  path: string,
  request: ControlRequest,
  { limitMs, untilEnd = false }: AskOptions,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const socket = connect(path);
  const timer = limitMs === Infinity ? undefined : setTimeout(() => {
    fail(`it has not answered within ${limitMs / 1000} seconds`);
  }, limitMs);
  let text = "";
  let answer: { readonly result: unknown } | undefined;
  const finish = () => {
    clearTimeout(timer);
    socket.destroy();
  };
  const fail = (reason: string) => {
    finish();
    reject(
      new ConfigError(
        `Cannot ask the server at '${printable(path)}': ${reason}`,
        3,
      ),
    );
  };
  const onLine = (line: string) => {
    try {
      answer = { result: resultOf(line) };
    } catch (error) {
      finish();
      if (error instanceof ControlRefusal) reject(error);
      else fail("its answer is not that of a server of this kind");
      return;
    }
    if (untilEnd) return;
    finish();
    resolve(answer.result);
  };
  socket.setEncoding("utf8");
  socket.on("connect", () => socket.write(requestLine(request)));
  socket.on("data", (piece: string) => {
    if (answer !== undefined) return;
    text += piece;
    const end = text.indexOf("\n");
    if (end >= 0) onLine(text.slice(0, end));
    else if (text.length > MAX_ANSWER) fail("its answer has no end");
  });
  const onClose = () => {
    if (answer === undefined) return fail("it has closed the connection");
    finish();
    resolve(answer.result);
  };
  socket.on("end", onClose);
  socket.on("close", onClose);
  socket.on("error", (error: Error & { readonly code?: string }) => {
    // A server that has ended may reset what it does not read any more.
    if (answer !== undefined) onClose();
    else if (error.code === "ENOENT" || error.code === "ECONNREFUSED") {
      finish();
      reject(
        new ConfigError(
          `No server runs: nothing answers at '${printable(path)}'`,
          3,
        ),
      );
    } else fail(reasonOf(error));
  });
  return promise;
}

function reasonOf(error: Error & { readonly code?: string }): string {
  if (error.code === "EACCES" || error.code === "EPERM") {
    return "permission denied; only the user that it runs as may";
  }
  return error.message.split("\n")[0]!;
}

function resultOf(line: string): unknown {
  const value = JSON.parse(line) as {
    readonly ok?: unknown;
    readonly result?: unknown;
    readonly error?: unknown;
  };
  if (value.ok === true) return value.result;
  if (typeof value.error === "string") throw new ControlRefusal(value.error);
  throw new TypeError("no answer");
}
