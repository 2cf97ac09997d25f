/** A socket without a kernel: what the peer does is called by the test, what is written is kept. */
import type {
  Address,
  Socket,
  SocketHandler,
  TlsConnection,
} from "../../src/runtime/types.ts";

const nobody: SocketHandler = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
};

export class FakeSocket implements Socket {
  handler: SocketHandler = nobody;
  localAddress: Address = { kind: "tcp", host: "127.0.0.1", port: 8000 };
  remoteAddress: Address | undefined = {
    kind: "tcp",
    host: "127.0.0.1",
    port: 50123,
  };
  tls: TlsConnection | undefined = undefined;
  queuedBytes = 0;
  isLending = true;
  /** False makes writes be held until `drain()`. */
  takesWrites = true;
  isPaused = false;
  /** `end()` was called. */
  hasEnded = false;
  isClosed = false;
  /** `reset()` was called. */
  wasReset = false;
  /** Each write, copied when it was made. */
  readonly writes: Uint8Array[] = [];
  /** Held buffers with a copy of what they must still be when they are let go. */
  #held: { readonly bytes: Uint8Array; readonly copy: Uint8Array }[] = [];

  write(bytes: Uint8Array): boolean {
    if (this.isClosed || this.hasEnded) return true;
    const copy = bytes.slice();
    this.writes.push(copy);
    if (this.takesWrites) return true;
    this.queuedBytes += bytes.length;
    this.#held.push({ bytes, copy });
    return false;
  }

  writePair(head: Uint8Array, body: Uint8Array): boolean {
    this.write(head);
    return this.write(body);
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(): void {
    this.hasEnded = true;
  }

  destroy(): void {
    this.close();
  }

  reset(): void {
    if (!this.isClosed) this.wasReset = true;
    this.close();
  }

  overrideAddresses(remote: Address, local: Address): void {
    this.remoteAddress = remote;
    this.localAddress = local;
  }

  // -- What the peer does.

  /** Bytes arrive in a buffer that is overwritten afterwards: they are only lent. */
  receive(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? latin1Bytes(data) : data.slice();
    this.handler.onData(bytes);
    bytes.fill(0x21);
  }

  /** The peer takes everything that was held. */
  drain(): void {
    for (const { bytes, copy } of this.#held) {
      if (!sameBytes(bytes, copy)) {
        throw new Error("A held buffer was changed before onDrain");
      }
    }
    this.#held = [];
    this.queuedBytes = 0;
    this.handler.onDrain();
  }

  /** The peer sends FIN. */
  fin(): void {
    this.handler.onEnd();
  }

  /** The connection is gone. */
  close(error?: Error): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.queuedBytes = 0;
    queueMicrotask(() => this.handler.onClose(error));
  }

  /** Everything written, as text with a unit for each octet. */
  get text(): string {
    let text = "";
    for (const bytes of this.writes) text += latin1Text(bytes);
    return text;
  }

  /** Everything written since the last call. */
  takeText(): string {
    const { text } = this;
    this.writes.length = 0;
    return text;
  }
}

export function latin1Bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

export function latin1Text(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
