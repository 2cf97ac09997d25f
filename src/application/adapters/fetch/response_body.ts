/** Sends the body of a response from its stream, at the client's pace. */
import type { BodyInput, HttpResponseStartEvent, Send } from "../../../asgi.ts";
import { bodyChunk } from "./body_chunk.ts";
import { endResponse } from "./response_trailers.ts";
import type { ServerInfo } from "./server_info.ts";

type Reader = ReadableStreamDefaultReader<unknown>;
type Read = ReadableStreamReadResult<unknown>;

/**
 * Microtasks within which a body that was given whole has come to its end. Then it leaves together
 * with its head, and with a content-length; one that takes longer is sent in chunks. Strings and
 * bytes take 3 of them on Deno 2.9, Bun 1.4 and Node 24.
 */
const MICROTASKS_TO_END = 10;

/** Sends `start` and then everything that `body` yields. */
export async function sendBody(
  body: ReadableStream<unknown>,
  start: HttpResponseStartEvent,
  send: Send,
  info: ServerInfo,
): Promise<void> {
  const reader = body.getReader();
  let first: Read | undefined;
  let isClosed = false;
  let hasFailed = false;
  const onFailed = () => void (hasFailed = true);
  const firstRead = reader.read();
  firstRead.then((read) => first = read, onFailed);
  // A second read would tell the end too, and cost more.
  reader.closed.then(() => isClosed = true, onFailed);
  for (let i = 0; i < MICROTASKS_TO_END && !isClosed && !hasFailed; i++) {
    await undefined;
  }
  if (isClosed && first !== undefined) {
    await send(start);
    const { done, value } = first;
    return await endResponse(
      send,
      info,
      start,
      done ? "" : chunkOf(value, reader),
    );
  }
  // What fails at once can still become a 500.
  if (hasFailed && first === undefined) await firstRead;
  await stream(reader, firstRead, start, send, info);
}

/**
 * Sends the head and piece after piece. A client that leaves cancels the stream, also while it is
 * silent.
 */
async function stream(
  reader: Reader,
  begun: Promise<Read>,
  start: HttpResponseStartEvent,
  send: Send,
  info: ServerInfo,
): Promise<void> {
  const { signal } = info;
  const onAbort = () => void reader.cancel(signal.reason).catch(ignore);
  if (signal.aborted) onAbort();
  else signal.addEventListener("abort", onAbort, { once: true });
  try {
    await send(start);
    for (
      let read = await begun;
      !read.done;
      read = await reader.read()
    ) {
      const body = chunkOf(read.value, reader);
      await send({ type: "http.response.body", body, more_body: true });
    }
    await endResponse(send, info, start);
  } catch (error) {
    reader.cancel(error).catch(ignore); // the producer must hear of it too
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function chunkOf(value: unknown, reader: Reader): BodyInput {
  try {
    return bodyChunk(value);
  } catch (error) {
    reader.cancel(error).catch(ignore);
    throw error;
  }
}

function ignore(): void {}
