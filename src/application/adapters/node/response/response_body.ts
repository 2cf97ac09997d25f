/** Members of a response that write and end its body. */
import { Buffer } from "node:buffer";
import process from "node:process";
import type { BodyInput } from "../../../../asgi.ts";
import {
  alreadyFinished,
  destroyed,
  nullChunk,
  writeAfterEnd,
  wrongType,
} from "../node_errors.ts";
import { beginBody } from "./response_head.ts";
import { type Callback, OWNER, type ResponseState } from "./response_state.ts";

/** Bytes handed over and not yet taken at which `write` asks to wait. */
const HIGH_WATER = 65_536;

/** Whether a response to this request has a body (RFC 9110 §6.4.1). */
function hasBody(response: ResponseState): boolean {
  const status = response.statusCode;
  return !response[OWNER].isHead && status !== 204 && status !== 304 &&
    status >= 200;
}

function toBody(chunk: unknown, encoding: unknown): BodyInput {
  if (typeof chunk === "string") {
    return encoding === undefined || encoding === null || encoding === "utf8" ||
        encoding === "utf-8"
      ? chunk
      : Buffer.from(chunk, encoding as BufferEncoding);
  }
  if (chunk instanceof Uint8Array) return chunk;
  if (chunk === null) throw nullChunk();
  throw wrongType(
    "chunk",
    "of type string or an instance of Buffer or Uint8Array",
    chunk,
  );
}

export function write(
  this: ResponseState,
  chunk: unknown,
  encoding?: unknown,
  callback?: Callback,
): boolean {
  if (typeof encoding === "function") {
    callback = encoding as Callback;
    encoding = undefined;
  }
  const body = toBody(chunk, encoding);
  if (this.writableEnded) return refuseWrite(this, callback);
  if (this.destroyed) {
    if (callback) process.nextTick(callback, destroyed("write"));
    return false;
  }
  beginBody(this, false);
  const size = hasBody(this) ? body.length : 0;
  this.writableLength += size;
  const taken = this[OWNER].write(size === 0 ? "" : body);
  taken.then(
    () => onTaken(this, size, callback),
    () => callback?.(destroyed("write")),
  );
  if (this.writableLength < HIGH_WATER) return true;
  this.writableNeedDrain = true;
  return false;
}

function onTaken(
  response: ResponseState,
  size: number,
  callback: Callback | undefined,
): void {
  response.writableLength -= size;
  callback?.();
  if (
    response.writableNeedDrain && response.writableLength === 0 &&
    !response.destroyed
  ) {
    response.writableNeedDrain = false;
    response.emit("drain");
  }
}

function refuseWrite(
  response: ResponseState,
  callback: Callback | undefined,
): false {
  const error = writeAfterEnd();
  process.nextTick(() => {
    callback?.(error);
    if (!response.destroyed) response.emit("error", error);
  });
  return false;
}

export function end(
  this: ResponseState,
  chunk?: unknown,
  encoding?: unknown,
  callback?: Callback,
): ResponseState {
  if (typeof chunk === "function") {
    callback = chunk as Callback;
    chunk = undefined;
  } else if (typeof encoding === "function") {
    callback = encoding as Callback;
    encoding = undefined;
  }
  const hasChunk = chunk !== undefined && chunk !== null && chunk !== "";
  const body = hasChunk ? toBody(chunk, encoding) : undefined;
  if (this.writableEnded) {
    if (hasChunk) refuseWrite(this, callback);
    else if (callback) {
      if (this.writableFinished) callback(alreadyFinished());
      else this.on("finish", callback);
    }
    return this;
  }
  if (this.destroyed) {
    if (callback) process.nextTick(callback, destroyed("end"));
    return this;
  }
  beginBody(this, true);
  if (callback) this.once("finish", callback);
  this.writableEnded = true;
  this.finished = true;
  this.emit("prefinish");
  this[OWNER].end(hasBody(this) ? body : undefined);
  return this;
}
