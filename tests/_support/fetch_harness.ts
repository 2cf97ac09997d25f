/** A fetch application behind an HTTP connection over a fake socket. */
import { adaptFetch } from "../../src/application/adapters/fetch/adapt_fetch.ts";
import { newContext } from "../../src/application/adapters/adapt.ts";
import type { OnListening } from "../../src/application/adapters/context.ts";
import type { AsgiApp } from "../../src/asgi.ts";
import { FakeLogger, Harness, type HarnessOptions } from "./harness.ts";

/** The adapted application, its logger, and what the server would tell it. */
export interface AdaptedFetch {
  readonly app: AsgiApp;
  readonly logger: FakeLogger;
  readonly listeners: OnListening[];
}

export function adapted(value: unknown): AdaptedFetch {
  const logger = new FakeLogger();
  const listeners: OnListening[] = [];
  const context = newContext("fetch", {
    isImported: false,
    logger,
    onWarning: (message) => logger.warning(message),
    onListening: (callback) => void listeners.push(callback),
  });
  return { app: adaptFetch(value, context), logger, listeners };
}

/** A harness around `value`: a handler, or an object with one. */
export function fetchHarness(
  value: unknown,
  options: HarnessOptions = {},
): Harness {
  const { app } = adapted(value);
  return new Harness(app as never, options);
}

/** Waits until `isTrue`, over real turns of the event loop; for streams, which take several. */
export async function until(
  harness: Harness,
  isTrue: () => boolean,
): Promise<void> {
  for (let i = 0; i < 200 && !isTrue(); i++) {
    await harness.turn();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  if (!isTrue()) throw new Error("It did not come to be");
}

/** Sends `request` on a connection of its own, and returns the whole answer. */
export async function ask(
  value: unknown,
  request: string,
  options: HarnessOptions = {},
): Promise<string> {
  const harness = fetchHarness(value, options);
  const socket = harness.connect();
  socket.receive(request);
  const isHead = request.startsWith("HEAD ");
  await until(
    harness,
    () =>
      (isHead ? socket.text.includes("\r\n\r\n") : isWhole(socket.text)) ||
      socket.isClosed,
  );
  return socket.text;
}

/** Whether `text` holds a head and all of the body that it announces. */
function isWhole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const head = text.slice(0, end).toLowerCase();
  const body = text.slice(end + 4);
  if (/^http\/1\.1 1\d\d/.test(head)) return isWhole(body);
  const length = /\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return body.length >= Number(length);
  return head.includes("\ntransfer-encoding: chunked")
    ? /(^|\n)0\r\n([^\r]+\r\n)*\r\n$/.test(body)
    : true;
}
