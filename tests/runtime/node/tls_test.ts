/**
 * TLS as listeners and the PROXY protocol use it: handshakes that fail, sockets that were accepted
 * plain, new settings, and memory that stays bounded whatever a peer does not read.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { connect as connectPlain } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, test } from "node:test";
import { runtime } from "../../../src/runtime/mod.ts";
import type {
  Listener,
  ListenOptions,
  ListenTarget,
  PendingHandshake,
  Socket,
  SocketHandler,
  TlsContext,
  TlsFault,
  TlsSettings,
} from "../../../src/runtime/types.ts";
import { TestAuthority } from "../../_support/certificates.ts";
import { needsProgram } from "../../_support/needs.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";
import { listen, Recorder, text, until } from "../_wire.ts";

const authority = new TestAuthority();
const first = authority.server();
const second = authority.server(["b.test", "*.b.test"]);

function settingsWith(changes: Partial<TlsSettings> = {}): TlsSettings {
  return {
    identities: [
      { names: ["localhost"], cert: first.cert, key: first.key },
      { names: ["b.test", "*.b.test"], cert: second.cert, key: second.key },
    ],
    ca: authority.cert,
    clientCertificates: "none",
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    ciphers: undefined,
    alpn: ["http/1.1"],
    handshakeMs: 20_000,
    ...changes,
  };
}

interface Bench {
  readonly context: TlsContext;
  readonly faults: TlsFault[];
  readonly handlers: Recorder[];
  readonly port: number;
}

type Accept = (socket: Socket) => SocketHandler;

/** Two ways to the same: TLS from the listener, or on a socket that was accepted plain. */
const WAYS = {
  "of a listener": (
    context: TlsContext,
    accept: Accept,
    options: Partial<ListenOptions>,
  ) =>
    listen(runtime.transports.node, TARGET, {
      backlog: 16,
      tls: context,
      ...options,
    }, accept),
  "on an accepted socket": (context: TlsContext, accept: Accept) =>
    listen(runtime.transports.native, TARGET, { backlog: 16 }, (socket) => ({
      // As who has read a header in front of it would.
      onData: (bytes) => context.secure(socket, bytes.slice(), accept),
      onDrain() {},
      onEnd() {},
      onClose() {},
    })),
};
const TARGET: ListenTarget = { kind: "tcp", host: "127.0.0.1", port: 0 };

async function withTls(
  way: keyof typeof WAYS,
  use: (bench: Bench) => Promise<void>,
  changes: Partial<TlsSettings> = {},
  options: Partial<ListenOptions> = {},
): Promise<void> {
  const faults: TlsFault[] = [];
  const handlers: Recorder[] = [];
  const { createTls } = await runtime.loadTls();
  const context = createTls(
    settingsWith(changes),
    (fault) => faults.push(fault),
  );
  const listener: Listener = await WAYS[way](context, (socket) => {
    const handler = new Recorder(socket);
    handlers.push(handler);
    return handler;
  }, options);
  const { address } = listener;
  assert.ok(address.kind === "tcp");
  try {
    await use({ context, faults, handlers, port: address.port });
  } finally {
    for (const { socket } of handlers) socket.destroy();
    await listener.close();
  }
}

/** A client whose handshake is done. */
async function client(
  port: number,
  servername = "localhost",
): Promise<TLSSocket> {
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    servername,
    ca: authority.cert,
    ALPNProtocols: ["http/1.1"],
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  socket.on("error", () => {});
  return socket;
}

/** Bun 1.4 hears no SNI over a socket that was accepted plain. */
function isDeaf(way: keyof typeof WAYS): boolean {
  return RUNTIME === "bun" && way === "on an accepted socket";
}

const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;

for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) {
  describe(`TLS ${way}`, () => {
    test("tells what was agreed on, and carries bytes both ways", () =>
      withTls(way, async ({ port, handlers, faults }) => {
        const peer = await client(
          port,
          isDeaf(way) ? "localhost" : "www.b.test",
        );
        let answer = "";
        peer.on("data", (bytes: Uint8Array) => answer += bytes);
        peer.write("hello");
        await until(() => handlers[0]?.text === "hello", "the bytes arrive");
        const { socket } = handlers[0]!;
        assert.equal(socket.tls?.version, "TLSv1.3");
        assert.match(socket.tls!.cipherSuite!, /^TLS_/);
        assert.equal(socket.tls?.alpn, "http/1.1");
        const expected = isDeaf(way) ? first : second;
        if (!isDeaf(way)) assert.equal(socket.tls?.serverName, "www.b.test");
        assert.equal(
          fingerprint(socket.tls!.serverCertificate!),
          fingerprint(expected.cert),
        );
        assert.deepEqual(socket.tls?.clientCertificates, []);
        assert.equal(socket.tls?.clientCertificateError, null);
        assert.deepEqual(socket.remoteAddress, {
          kind: "tcp",
          host: "127.0.0.1",
          port: peer.localPort,
        });
        socket.write(new Uint8Array(0));
        socket.write(text("answer"));
        await until(() => answer === "answer", "the answer arrives");
        socket.end();
        await until(() => peer.destroyed, "the peer is closed");
        await until(() => handlers[0]!.closes === 1, "it is closed");
        assert.deepEqual(faults, []);
      }));

    test("a large body arrives whole, both ways at once", () =>
      withTls(way, async ({ port, handlers }) => {
        const size = 5_000_000;
        const body = Uint8Array.from({ length: size }, (_, i) => i % 251);
        const peer = await client(port);
        let received = 0;
        let isSame = true;
        peer.on("data", (bytes: Uint8Array) => {
          for (let i = 0; i < bytes.length; i += 97) {
            if (bytes[i] !== (received + i) % 251) isSame = false;
          }
          received += bytes.length;
        });
        peer.write(body);
        await until(() => handlers.length === 1, "it is accepted");
        handlers[0]!.socket.write(body);
        await until(() => received === size, "the answer arrives");
        await until(() => handlers[0]!.bytes === size, "the upload arrives");
        assert.ok(isSame);
        let at = 0;
        for (const chunk of handlers[0]!.chunks) {
          for (let i = 0; i < chunk.length; i += 97) {
            assert.equal(chunk[i], (at + i) % 251);
          }
          at += chunk.length;
        }
        await until(() => handlers[0]!.socket.queuedBytes === 0, "it is sent");
        peer.destroy();
      }));

    test("a peer that does not read holds the writer up, and no memory", {
      skip: needsProgram("openssl"),
    }, () =>
      withTls(way, async ({ port, handlers }) => {
        // A program of its own, whose output nobody reads: Deno's client would read on.
        const peer = spawn("openssl", [
          "s_client",
          "-quiet",
          "-connect",
          `127.0.0.1:${port}`,
        ], { stdio: ["pipe", "pipe", "ignore"] });
        peer.stdin.on("error", () => {});
        peer.stdout.pause();
        peer.stdin.write("go");
        await until(() => handlers.length === 1, "it is accepted");
        const { socket } = handlers[0]!;
        const piece = new Uint8Array(65_536);
        const goal = 100_000_000;
        let written = 0;
        const proceed = (): void => {
          while (written < goal) {
            written += piece.length;
            if (!socket.write(piece)) return;
          }
        };
        handlers[0]!.onDrain = proceed;
        proceed();
        await sleep(1000);
        assert.ok(written < 20_000_000, `${written} bytes were taken`);
        assert.ok(socket.queuedBytes > 0);
        peer.kill("SIGKILL");
      }));

    test("new settings are for handshakes from then on; bad ones are none", () =>
      withTls(way, async ({ port, context, handlers }) => {
        const shown = async (name: string) => {
          const peer = await client(port, name);
          const seen = peer.getPeerCertificate().fingerprint256;
          peer.destroy();
          return seen;
        };
        const open = await client(port);
        assert.equal(await shown("localhost"), fingerprint(first.cert));
        const next = authority.server();
        const identity = { names: [], cert: next.cert, key: next.key };
        context.update(settingsWith({ identities: [identity] }));
        assert.equal(await shown("localhost"), fingerprint(next.cert));
        assert.throws(() =>
          context.update(settingsWith({
            identities: [{ ...identity, cert: "no certificate" }],
          }))
        );
        assert.equal(await shown("localhost"), fingerprint(next.cert));
        open.write("still here");
        await until(
          () => handlers.some((handler) => handler.text === "still here"),
          "the old connection goes on",
        );
        open.destroy();
      }));

    test("plain HTTP is a fault, and closed", () =>
      withTls(way, async ({ port, faults, handlers }) => {
        const peer = connectPlain(port, "127.0.0.1");
        peer.on("error", () => {});
        await new Promise((resolve) => peer.once("connect", resolve));
        const { localPort } = peer;
        peer.write("GET / HTTP/1.1\r\n\r\n");
        await until(() => faults.length === 1, "the fault is told");
        assert.equal(faults[0]!.kind, "plainHttp", faults[0]!.message);
        assert.deepEqual(faults[0]!.remoteAddress, {
          kind: "tcp",
          host: "127.0.0.1",
          port: localPort,
        });
        peer.resume();
        await until(() => peer.destroyed, "it is closed");
        assert.equal(handlers.length, 0);
      }));

    test("a peer that goes away in its handshake is a fault, once", () =>
      withTls(way, async ({ port, faults }) => {
        const peer = connectPlain(port, "127.0.0.1");
        peer.on("error", () => {});
        await new Promise((resolve) => peer.once("connect", resolve));
        peer.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1));
        await sleep(50);
        peer.resetAndDestroy();
        await until(() => faults.length === 1, "the fault is told");
        await sleep(50);
        assert.equal(faults.length, 1);
      }, { handshakeMs: 2000 }));

    test("a handshake that takes too long is a fault, and closed", () =>
      withTls(way, async ({ port, faults }) => {
        const peer = connectPlain(port, "127.0.0.1");
        peer.on("error", () => {});
        peer.write(Uint8Array.of(0x16, 3, 1, 2, 0, 1));
        peer.resume();
        await until(() => peer.destroyed, "it is closed");
        assert.deepEqual(faults.map(({ kind }) => kind), ["timeout"]);
      }, { handshakeMs: 200 }));
  });
}

test("a listener asks before each handshake, and is told when it has ended", async () => {
  const asked: PendingHandshake[] = [];
  let settled = 0;
  await withTls(
    "of a listener",
    async ({ port, handlers }) => {
      const peer = await client(port);
      await until(() => handlers.length === 1, "it is accepted");
      assert.deepEqual([asked.length, settled], [1, 1]);
      const silent = connectPlain(port, "127.0.0.1");
      silent.on("error", () => {});
      silent.resume();
      await until(() => asked.length === 2, "the second is asked for");
      asked[1]!.destroy();
      await until(() => silent.destroyed, "it is closed");
      await until(() => settled === 2, "the second is settled");
      peer.destroy();
    },
    {},
    {
      beforeHandshake(pending) {
        asked.push(pending);
        return () => settled++;
      },
    },
  );
});

test("a listener that is told no closes at once", () =>
  withTls(
    "of a listener",
    async ({ port, faults }) => {
      await assert.rejects(client(port));
      assert.deepEqual(faults, []);
    },
    {},
    { beforeHandshake: () => undefined },
  ));

test("[deno] a choice of ciphers is refused: it would not be applied", {
  skip: RUNTIME !== "deno" && "the others apply it",
}, async () => {
  const settings = settingsWith({ ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" });
  const { createTls } = await runtime.loadTls();
  assert.throws(
    () => createTls(settings, () => {}),
    /^Error: Deno \S+ has no choice of ciphers, run it on Bun or Node$/,
  );
});

test("TLS of a listener waits for accept() with the whole handshake", async () => {
  const { createTls } = await runtime.loadTls();
  const faults: TlsFault[] = [];
  const context = createTls(settingsWith(), (fault) => faults.push(fault));
  let begun = 0;
  const listener = await runtime.transports.node.bind(TARGET, {
    backlog: 16,
    tls: context,
    beforeHandshake: () => {
      begun++;
      return () => {};
    },
  });
  const handlers: Recorder[] = [];
  try {
    const { port } = listener.address as { port: number };
    const connecting = client(port, "www.b.test");
    await sleep(60);
    assert.equal(begun, 0);
    listener.accept((socket) => {
      const handler = new Recorder(socket);
      handlers.push(handler);
      return handler;
    });
    const peer = await connecting;
    assert.equal(
      peer.getPeerCertificate().fingerprint256,
      fingerprint(second.cert),
    );
    peer.write("hello");
    await until(() => handlers[0]?.text === "hello", "the bytes arrive");
    assert.deepEqual([begun, faults], [1, []]);
    peer.destroy();
  } finally {
    for (const { socket } of handlers) socket.destroy();
    await listener.close();
  }
});
