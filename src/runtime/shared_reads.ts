/**
 * Reads without an allocation: every socket of a process into one buffer, whose bytes are lent for
 * the length of a call anyway.
 *
 * `node:net` offers this to clients, as the option `onread`, and has no way to ask for it on a
 * connection that a server accepted. There it is switched on through the same properties, found on
 * a socket that was made with the option. Where they are missing, as on Bun, sockets read by the
 * "data" event, and each read costs a buffer, its entry in the collector's books and a walk through
 * the stream: about a microsecond of Node's per request.
 */
import { Buffer } from "node:buffer";
import { Socket as NetSocket } from "node:net";

/** Takes what was read, on the socket it came from. */
export type OnRead = (this: NetSocket, bytes: Uint8Array) => void;

/** What libuv reads at most at once. */
const BUFFER_BYTES = 64 * 1024;
/** Views up to this size are kept: requests of a client tend to be equally long. */
const MAX_KEPT_VIEW = 2048;

interface Switch {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly generator: symbol;
}

type Properties = Record<symbol, unknown>;

let shared: Buffer | undefined;
const views: (Uint8Array | undefined)[] = new Array(MAX_KEPT_VIEW + 1).fill(
  undefined,
);
const found = findSwitch();

/** Whether {@linkcode readShared} can do anything here. */
export const canReadShared: boolean = found !== undefined;

/**
 * Has `raw` read into the shared buffer, from now on and until it is closed, and call `onRead`
 * with a view of it. Pausing and resuming work as ever; "data" is not emitted.
 *
 * @returns Whether it does; if not, nothing was changed.
 */
export function readShared(raw: NetSocket, onRead: OnRead): boolean {
  const handle = (raw as unknown as { _handle?: SharedReader })._handle;
  if (found === undefined || typeof handle?.useUserBuffer !== "function") {
    return false;
  }
  const buffer = shared ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const properties = raw as unknown as Properties;
  properties[found.buffer] = buffer;
  properties[found.generator] = null;
  properties[found.callback] = (size: number): boolean => {
    onRead.call(raw, viewOf(buffer, size));
    return true;
  };
  handle.useUserBuffer(buffer);
  raw.resume();
  return true;
}

function viewOf(buffer: Uint8Array, size: number): Uint8Array {
  if (size > MAX_KEPT_VIEW) return buffer.subarray(0, size);
  return views[size] ??= buffer.subarray(0, size);
}

interface SharedReader {
  useUserBuffer?(buffer: Uint8Array): void;
}

function findSwitch(): Switch | undefined {
  const buffer = Buffer.alloc(1);
  const callback = (): boolean => true;
  let probe: Properties;
  try {
    probe = new NetSocket({ onread: { buffer, callback } }) as unknown as
      & NetSocket
      & Properties;
  } catch {
    return undefined;
  }
  const symbols = Object.getOwnPropertySymbols(probe);
  const holding = (value: unknown, name: string) =>
    symbols.find((symbol) =>
      symbol.description === name && probe[symbol] === value
    );
  const found = {
    buffer: holding(buffer, "kBuffer"),
    callback: holding(callback, "kBufferCb"),
    generator: holding(null, "kBufferGen"),
  };
  return found.buffer && found.callback && found.generator
    ? found as Switch
    : undefined;
}
