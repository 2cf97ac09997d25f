/** What foreign clients make of our WebSockets: `ws`, the runtime's own, Python's. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { describe, test } from "node:test";
import { WebSocket as WsWebSocket } from "ws";
import { needsPythonWebsockets, PYTHON } from "../_support/needs.ts";
import { sharedServer } from "../_support/spawn_server.ts";
import { ROOT } from "../_support/this_runtime.ts";

const shared = sharedServer({ app: "websocket:app" });
const url = (path: string) => `ws://127.0.0.1:${shared.server.port}${path}`;

/** What both kinds of client have in common. */
interface Client {
  readonly protocol: string;
  readonly extensions: string;
  binaryType: string;
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  onclose:
    | ((event: { readonly code: number; readonly reason: string }) => void)
    | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** A client's events as promises. */
class Talk {
  readonly client: Client;
  readonly opened: Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #messages: (string | Uint8Array)[] = [];
  #wake: (() => void) | undefined;

  constructor(client: Client) {
    this.client = client;
    client.binaryType = "arraybuffer";
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<
      { readonly code: number; readonly reason: string }
    >();
    this.opened = opened.promise;
    this.closed = closed.promise;
    opened.promise.catch(() => {});
    client.onopen = () => opened.resolve();
    client.onerror = () => opened.reject(new Error("It did not open"));
    client.onclose = ({ code, reason }) => {
      closed.resolve({ code, reason });
      this.#wake?.();
    };
    client.onmessage = ({ data }) => {
      this.#messages.push(
        typeof data === "string" ? data : new Uint8Array(data as ArrayBuffer),
      );
      this.#wake?.();
    };
  }

  async next(): Promise<string | Uint8Array> {
    let isClosed = false;
    void this.closed.then(() => isClosed = true);
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) return message;
      if (isClosed) throw new Error("It closed before a message came");
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

type Connect = (path: string, protocols?: readonly string[]) => Talk;

const CLIENTS: Readonly<Record<string, Connect>> = {
  "ws without compression": (path, protocols = []) =>
    new Talk(
      new WsWebSocket(url(path), [...protocols], {
        perMessageDeflate: false,
      }) as unknown as Client,
    ),
  "ws with compression": (path, protocols = []) =>
    new Talk(
      new WsWebSocket(url(path), [...protocols], {
        perMessageDeflate: { threshold: 0 },
      }) as unknown as Client,
    ),
  "the runtime's own WebSocket": (path, protocols = []) =>
    new Talk(new WebSocket(url(path), [...protocols]) as unknown as Client),
};

for (const [name, connect] of Object.entries(CLIENTS)) {
  describe(name, () => {
    test("gets back what it sent", async () => {
      const talk = connect("/echo");
      await talk.opened;
      const octets = new Uint8Array(300_000);
      for (let i = 0; i < octets.length; i++) octets[i] = (i * i) >> 5;
      const messages = [
        "",
        "hé 😀",
        "x".repeat(100_000),
        new Uint8Array(0),
        octets,
        octets,
        "y".repeat(2_000_000),
        "the last",
      ];
      for (const message of messages) talk.client.send(message);
      for (const message of messages) {
        const got = await talk.next();
        assert.equal(typeof got, typeof message);
        assert.equal(got.length, message.length);
        if (typeof message === "string") assert.ok(got === message);
        else assert.deepEqual(got, message);
      }
      talk.client.close(4000, "enough");
      const { code, reason } = await talk.closed;
      assert.deepEqual([code, reason], [4000, "enough"]);
    });

    test("keeps many messages in order", async () => {
      const talk = connect("/echo");
      await talk.opened;
      for (let i = 0; i < 2_000; i++) talk.client.send(`message ${i}`);
      for (let i = 0; i < 2_000; i++) {
        assert.equal(await talk.next(), `message ${i}`);
      }
      talk.client.close();
      await talk.closed;
    });

    test("learns its subprotocol", async () => {
      const talk = connect("/echo?subprotocol=b", ["a", "b"]);
      await talk.opened;
      assert.equal(talk.client.protocol, "b");
      talk.client.close();
      await talk.closed;
    });

    test("learns code and reason of the application's close", async () => {
      const talk = connect("/close?code=4321&reason=because");
      const { code, reason } = await talk.closed;
      assert.deepEqual([code, reason], [4321, "because"]);
    });

    for (
      const [path, expected] of [["/return", 1000], ["/throw", 1011]] as const
    ) {
      test(`sees ${path} end with ${expected}`, async () => {
        assert.equal((await connect(path).closed).code, expected);
      });
    }

    for (const path of ["/refuse", "/deny"]) {
      test(`does not open where the application says ${path}`, async () => {
        await assert.rejects(connect(path).opened);
      });
    }
  });
}

test("ws agrees on compression where it offers it, and only there", async () => {
  for (const offers of [true, false]) {
    const talk = CLIENTS[`ws ${offers ? "with" : "without"} compression`]!(
      "/echo",
    );
    await talk.opened;
    // Bun's `ws` is Bun's own client, which does not tell.
    if (process.versions.bun === undefined) {
      assert.equal(talk.client.extensions !== "", offers);
    }
    talk.client.close();
    await talk.closed;
  }
});

test("python3-websockets agrees with all of it", {
  skip: needsPythonWebsockets(),
  timeout: 60_000,
}, async () => {
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      PYTHON,
      [`${ROOT}/tests/wire/apps/websocket_client.py`, url("")],
      { timeout: 60_000 },
      (error, stdout, stderr) =>
        error === null
          ? resolve(stdout)
          : reject(new Error(`${error.message}\n${stdout}${stderr}`)),
    );
  });
  assert.deepEqual(output.trim().split("\n"), [
    "echo None",
    "echo deflate",
    "closed 4123 so",
    "refused 403",
    "refused 401",
    "too big 1009",
  ]);
});
