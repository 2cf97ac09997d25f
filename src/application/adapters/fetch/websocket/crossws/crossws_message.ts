/** One message of a client, as hooks of crossws are given it. */
import { wholeBuffer } from "../server_websocket.ts";
import type { CrosswsMessage, CrosswsPeer } from "./crossws_types.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message that is converted when it is asked for. */
export class Message implements CrosswsMessage {
  readonly rawData: string | Uint8Array;
  readonly peer: CrosswsPeer;
  #id: string | undefined;

  constructor(rawData: string | Uint8Array, peer: CrosswsPeer) {
    this.rawData = rawData;
    this.peer = peer;
  }

  get id(): string {
    return this.#id ??= crypto.randomUUID();
  }

  get data(): string | Uint8Array {
    return this.rawData;
  }

  text(): string {
    const data = this.rawData;
    return typeof data === "string" ? data : decoder.decode(data);
  }

  json<T = unknown>(): T {
    return JSON.parse(this.text());
  }

  uint8Array(): Uint8Array {
    const data = this.rawData;
    return typeof data === "string" ? encoder.encode(data) : data;
  }

  arrayBuffer(): ArrayBuffer {
    return wholeBuffer(this.uint8Array());
  }

  blob(): Blob {
    return new Blob([this.arrayBuffer()]);
  }

  toString(): string {
    return this.text();
  }
}
