/**
 * Draining against applications and peers that do all they can against it: the process ends, and
 * before the last of them has agreed (wishes:N-001, R-059, R-060).
 */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { describe, test } from "node:test";
import { pause, RawClient } from "../_support/raw_client.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";
import { FrameClient } from "../_support/websocket_client.ts";

const APP = "endings:app";
const APPS = ["hang", "deaf", "flood", "shout", "trickle"] as const;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: t\r\n\r\n`;

interface Held {
  close(): void;
}

/** What a peer does to a server, for every application at once. */
type Peer = (server: ServerProcess, path: string) => Promise<Held>;

/** A peer that drops what it reads: floods are not to be kept. */
class Sink implements Held {
  readonly #socket: Socket;
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static connect(
    { target }: ServerProcess,
    bytes: string,
    options: { readonly reads: boolean } = { reads: true },
  ): Promise<Sink> {
    return new Promise((resolve) => {
      const socket = connect({ ...target, allowHalfOpen: true });
      socket.on("error", () => {});
      if (options.reads) socket.resume();
      socket.once("connect", () => {
        socket.write(bytes, () => resolve(new Sink(socket)));
      });
    });
  }

  /** Sends a byte now and then. */
  drip(): this {
    this.#timer = setInterval(() => this.#socket.write("x"), 50);
    return this;
  }

  /** Sends FIN and nothing else. */
  halfClose(): this {
    this.#socket.end();
    return this;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.resetAndDestroy();
  }
}

const post = (path: string, field: string, body: string) =>
  `POST ${path} HTTP/1.1\r\nHost: t\r\n${field}\r\n\r\n${body}`;

const PEERS: Readonly<Record<string, Peer>> = {
  "waits for its answer": (server, path) => Sink.connect(server, get(path)),
  "never reads": (server, path) =>
    Sink.connect(server, get(path), { reads: false }),
  "sent half a head": (server, path) =>
    Sink.connect(server, get(path).slice(0, -4)),
  "sent half a body": (server, path) =>
    Sink.connect(server, post(path, "Content-Length: 1000", "abc")),
  "sends a chunk for ever": async (server, path) => {
    const bytes = post(path, "Transfer-Encoding: chunked", "fffff\r\n");
    return (await Sink.connect(server, bytes)).drip();
  },
  "sent its FIN": async (server, path) =>
    (await Sink.connect(server, get(path))).halfClose(),
  "has vanished": async (server, path) => {
    const sink = await Sink.connect(server, get(path));
    await pause(100);
    sink.close();
    return sink;
  },
};

const WEBSOCKETS: Readonly<Record<string, Peer>> = {
  "never answers a close frame": (server, path) =>
    FrameClient.connect(server.target, path),
  "never reads": async (server, path) => {
    const client = await FrameClient.connect(server.target, path);
    client.pause();
    return client;
  },
};

const ended = (
  use: (server: ServerProcess) => Promise<void>,
  env: Record<string, string> = {},
) =>
  withServer({
    app: APP,
    args: ["--no-access-log", "--timeout-graceful-shutdown", "1"],
    env,
  }, use);

describe("the end comes after --timeout-graceful-shutdown", () => {
  for (const [what, peer] of Object.entries(PEERS)) {
    test(`though a peer ${what} and applications hang, ignore, flood`, () =>
      ended(async (server) => {
        const held = await Promise.all(
          APPS.map((name) => peer(server, `/${name}`)),
        );
        const client = await RawClient.connect(server.target);
        assert.equal((await client.request(get("/"))).body, "hello");
        server.signal("SIGTERM");
        assert.equal((await server.end()).signal, "SIGTERM");
        assert.ok(server.output.includes("Finished server process"));
        for (const one of [...held, client]) one.close();
      }));
  }

  for (const [what, peer] of Object.entries(WEBSOCKETS)) {
    test(`though a WebSocket's peer ${what} and applications hang, flood`, () =>
      ended(async (server) => {
        const held = await Promise.all(
          ["/echo", "/hang", "/flood"].map((path) => peer(server, path)),
        );
        const undecided = await RawClient.connect(server.target);
        undecided.send(
          "GET /undecided HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        );
        server.signal("SIGTERM");
        assert.equal((await server.end()).signal, "SIGTERM");
        for (const one of [...held, undecided]) one.close();
      }));
  }

  test("though the application's own shutdown hangs, by a second signal (process:P-033)", () =>
    ended(async (server) => {
      server.signal("SIGTERM");
      await server.line("stderr", /Waiting for application shutdown/);
      server.signal("SIGTERM");
      assert.equal((await server.end()).signal, "SIGTERM");
      assert.ok(server.output.includes("Application shutdown was not waited"));
    }, { ENDINGS_SHUTDOWN: "hang" }));
});

describe("a second signal, whatever it is, ends all of it now", () => {
  for (
    const [first, second] of [
      ["SIGINT", "SIGINT"],
      ["SIGINT", "SIGTERM"],
      ["SIGTERM", "SIGINT"],
      ["SIGTERM", "SIGTERM"],
    ] as const
  ) {
    test(`${first}, then ${second}`, () =>
      withServer({
        app: APP,
        args: ["--no-access-log", "--timeout-graceful-shutdown", "3600"],
      }, async (server) => {
        const held = await Promise.all(
          Object.values(PEERS).flatMap((peer) =>
            APPS.map((name) => peer(server, `/${name}`))
          ),
        );
        server.signal(first);
        await server.line("stderr", /Draining \d+ connections/);
        server.signal(second);
        await server.end();
        assert.match(
          server.output,
          /WARNING: {2}Forced to stop, cutting off \d+ connections/,
        );
        for (const one of held) one.close();
      }));
  }

  test("in the delay before the shutdown", () =>
    withServer(
      { app: APP, args: ["--shutdown-delay", "3600"] },
      async (server) => {
        server.signal("SIGINT");
        await server.line("stderr", /still accepted/);
        server.signal("SIGINT");
        assert.equal((await server.end()).code, 0);
      },
    ));
});
