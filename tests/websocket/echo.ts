/**
 * A client of an echoing application, over a fake socket: what it sends, piece by piece, and what
 * comes back, as lines to compare.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { HttpApp } from "../../src/asgi.ts";
import type { WebSocketSettings } from "../../src/connection/context.ts";
import type { MessageInflater } from "../../src/runtime/types.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../src/websocket/limits.ts";
import {
  FakeSocket,
  latin1Bytes,
  latin1Text,
} from "../_support/fake_socket.ts";
import { Harness } from "../_support/harness.ts";
import { join } from "../_support/octets.ts";
import {
  BINARY,
  CLOSE,
  PING,
  PONG,
  readFrames,
  TEXT,
} from "../_support/websocket_frames.ts";

const SETTINGS: WebSocketSettings = {
  limits: DEFAULT_WEBSOCKET_LIMITS,
  maxQueue: 32,
  pingIntervalMs: Infinity,
  pingTimeoutMs: Infinity,
  closeMs: 10_000,
  handshakeMs: 10_000,
  deflate: undefined,
};

/** Sends back what it gets, until there is no more. */
const echo = async (
  _scope: unknown,
  receive: () => Promise<{ readonly type: string }>,
  send: (event: unknown) => Promise<void>,
): Promise<void> => {
  await receive();
  await send({ type: "websocket.accept" });
  for (;;) {
    const event = await receive();
    if (event.type !== "websocket.receive") return;
    await send({ ...event, type: "websocket.send" });
  }
};

/** What a line shows of a payload; a long one is only measured and summed up. */
function shown(bytes: Uint8Array, asText: boolean): string {
  if (bytes.length > 200) {
    let sum = 0;
    for (let i = 0; i < bytes.length; i++) sum = (sum * 31 + bytes[i]) | 0;
    return `${bytes.length} bytes ${sum}`;
  }
  return Buffer.from(bytes).toString(asText ? "utf8" : "hex");
}

/** The line of a text that is echoed. */
export function textLine(payload: Uint8Array | string): string {
  return `text ${shown(Buffer.from(payload as Uint8Array), true)}`.trimEnd();
}

/** The line of binary data that is echoed. */
export function binaryLine(payload: Uint8Array): string {
  return `binary ${shown(payload, false)}`.trimEnd();
}

/** The line of a pong. */
export function pongLine(payload: Uint8Array | string): string {
  return `pong ${shown(Buffer.from(payload as Uint8Array), false)}`.trimEnd();
}

/** The line of a close frame. */
export function closeLine(code?: number, reason = ""): string {
  return `close ${code ?? ""} ${reason}`.trimEnd();
}

export interface EchoOptions {
  readonly settings?: Partial<WebSocketSettings>;
  /** The client's `sec-websocket-extensions`. */
  readonly offer?: string;
}

/** One open connection. */
export class EchoClient {
  readonly harness: Harness;
  readonly socket: FakeSocket = new FakeSocket();
  /** The server's `sec-websocket-extensions`, `""` if none. */
  extensions = "";
  /** What reads compressed echoes; set by who agreed on compression. */
  inflater: MessageInflater | undefined;
  /** Frames that came compressed. */
  compressed = 0;

  constructor(settings: Partial<WebSocketSettings> = {}) {
    this.harness = new Harness(echo as unknown as HttpApp, {
      settings: { websocket: { ...SETTINGS, ...settings } },
    });
  }

  /** Connects and has the handshake answered. */
  static async open(options: EchoOptions = {}): Promise<EchoClient> {
    const client = new EchoClient(options.settings);
    const { harness, socket } = client;
    harness.connect(socket);
    const offer = options.offer === undefined
      ? ""
      : `sec-websocket-extensions: ${options.offer}\r\n`;
    socket.receive(
      "GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n" +
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
        `sec-websocket-version: 13\r\n${offer}\r\n`,
    );
    await harness.turn();
    const answer = socket.takeText();
    assert.match(answer, /^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
    client.extensions =
      /^sec-websocket-extensions: (.*)$/m.exec(answer)?.[1].trim() ?? "";
    return client;
  }

  /**
   * Sends `pieces`, each as a read of its own, after which the application has its turn as it has
   * between two reads of a real socket; waits while the server does not read.
   */
  async send(pieces: Iterable<Uint8Array>): Promise<void> {
    for (const piece of pieces) {
      for (let i = 0; this.socket.isPaused && i < 1_000; i++) {
        await this.harness.turn();
      }
      assert.ok(!this.socket.isPaused, "the server reads on");
      this.socket.receive(piece);
      await this.harness.turn();
    }
  }

  /** All that came back since the last call, a line for each frame. */
  async lines(): Promise<string[]> {
    const pieces: Uint8Array[] = [];
    do {
      pieces.push(...this.socket.writes.splice(0));
      await this.harness.turn();
    } while (this.socket.writes.length > 0);
    return readFrames(join(...pieces)).map(({ opcode, rsv1, fin, payload }) => {
      assert.ok(fin, "echoes are not fragmented");
      let bytes = payload;
      if (rsv1) {
        this.compressed++;
        bytes = this.inflater!.inflate(payload, Infinity) as Uint8Array;
        assert.ok(typeof bytes !== "string", `cannot inflate: ${bytes}`);
      }
      switch (opcode) {
        case TEXT:
          return textLine(bytes);
        case BINARY:
          return binaryLine(bytes);
        case PING:
          return "ping";
        case PONG:
          return pongLine(bytes);
        default:
          assert.equal(opcode, CLOSE);
          return bytes.length < 2
            ? closeLine()
            : closeLine(bytes[0] << 8 | bytes[1], latin1Text(bytes.slice(2)));
      }
    });
  }
}

/**
 * Sends `pieces` on a connection of its own, then, once all is answered, `goodbye`; what comes back,
 * and `end` once the server closes.
 */
export async function exchange(
  pieces: Iterable<Uint8Array>,
  goodbye?: Uint8Array,
  options: EchoOptions = {},
): Promise<string[]> {
  const client = await EchoClient.open(options);
  await client.send(pieces);
  const lines = await client.lines();
  if (goodbye !== undefined) {
    assert.equal(client.socket.hasEnded, false, "open until the goodbye");
    await client.send([goodbye]);
    lines.push(...await client.lines());
  }
  if (client.socket.hasEnded) lines.push("end");
  return lines;
}

/** `bytes` in pieces of `size`. */
export function* chop(
  bytes: Uint8Array,
  size: number,
): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
  }
}

/** `size` octets that are no text, the same on every call. */
export function filler(size: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

/** `size` octets of text with characters of one to four octets. */
export function prose(size: number): Uint8Array {
  const pattern = Buffer.from("plain text, Größe 12 €, 日本語, 😀; ");
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += pattern.length) {
    const left = size - at;
    if (left >= pattern.length) bytes.set(pattern, at);
    else bytes.set(latin1Bytes(".".repeat(left)), at);
  }
  return bytes;
}
