/** Listening on real addresses, alike on every transport: names, wildcards, refusals. */
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import { ListenError } from "../../../src/errors.ts";
import { probesDone } from "../../../src/runtime/node/internals/fence.ts";
import type {
  Listener,
  ListenOptions,
  ListenTarget,
  Transport,
} from "../../../src/runtime/types.ts";
import { RUNTIME } from "../../_support/this_runtime.ts";
import {
  aWhile,
  type Kind,
  label,
  listen,
  Peer,
  Recorder,
  text,
  TRANSPORTS,
  until,
  withTarget,
} from "../_wire.ts";

const HAS_IPV6 = Object.values(networkInterfaces()).flat()
  .some((address) => address?.family === "IPv6");
const OPTIONS = { backlog: 16 };

for (const transport of TRANSPORTS) {
  const say = (name: string): string =>
    `${label(transport.name)} bind() ${name}`;
  const rejects = async (target: ListenTarget, code: string): Promise<void> => {
    await assert.rejects(
      transport.bind(target, OPTIONS),
      (error: unknown) => {
        assert.ok(error instanceof ListenError);
        assert.equal(error.code, code);
        assert.match(error.message, /^Cannot listen on /);
        return true;
      },
    );
  };

  test(say("refuses a port in use, whoever uses it"), async () => {
    for (const other of TRANSPORTS) {
      const first = await other.bind(
        { kind: "tcp", host: "127.0.0.1", port: 0 },
        OPTIONS,
      );
      try {
        await rejects(first.address, "EADDRINUSE");
      } finally {
        await first.close();
      }
    }
  });

  test(say("refuses an address of another machine"), async () => {
    await rejects(
      { kind: "tcp", host: "203.0.113.1", port: 0 },
      "EADDRNOTAVAIL",
    );
  });

  for (const host of ["", "::"]) {
    if (host !== "" && !HAS_IPV6) continue;
    test(say(`on ${JSON.stringify(host)} takes IPv4 and IPv6`), async () => {
      const accepted: Recorder[] = [];
      const listener = await listen(
        transport,
        { kind: "tcp", host, port: 0 },
        OPTIONS,
        (socket) => {
          accepted.push(new Recorder(socket));
          return accepted[accepted.length - 1];
        },
      );
      const { port } = listener.address as { port: number };
      const ways = HAS_IPV6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
      try {
        for (const [i, way] of ways.entries()) {
          const peer = await Peer.connect(
            { kind: "tcp", host: way, port },
            false,
          );
          peer.write("hello");
          await until(() => accepted[i]?.text === "hello", "it is heard");
          const { socket } = accepted[i];
          assert.deepEqual(socket.localAddress, {
            kind: "tcp",
            host: way,
            port,
          });
          assert.deepEqual(socket.remoteAddress, {
            kind: "tcp",
            host: way,
            port: peer.raw.localPort,
          });
          socket.write(text("x"));
          socket.end();
          peer.end();
          await until(() => accepted[i].closes === 1, "it is closed");
        }
      } finally {
        for (const { socket } of accepted) socket.destroy();
        await listener.close();
      }
    });
  }

  if (HAS_IPV6) {
    test(say("on ::1 takes IPv6"), async () => {
      const target = { kind: "tcp", host: "::1", port: 0 } as const;
      const listener = await transport.bind(target, OPTIONS);
      try {
        assert.ok(listener.address.kind === "tcp");
        assert.equal(listener.address.host, "::1");
        await rejects(listener.address, "EADDRINUSE");
      } finally {
        await listener.close();
      }
    });
  }
}

/** A bound address that nothing is accepted on yet, and what is accepted later. */
async function withBound(
  transport: Transport,
  kind: Kind,
  options: ListenOptions,
  use: (bound: {
    listener: Listener;
    accepted: Recorder[];
    accept(): void;
    connect(): Promise<Peer>;
  }) => Promise<void>,
): Promise<void> {
  await withTarget(kind, async (target) => {
    const listener = await transport.bind(target, options);
    // Sockets are accepted as they will be from then on.
    await probesDone();
    const accepted: Recorder[] = [];
    const peers: Peer[] = [];
    try {
      await use({
        listener,
        accepted,
        accept: () =>
          listener.accept((socket) => {
            const recorder = new Recorder(socket);
            accepted.push(recorder);
            return recorder;
          }),
        connect: async () => {
          const peer = await Peer.connect(listener.address, false);
          peers.push(peer);
          return peer;
        },
      });
    } finally {
      for (const peer of peers) peer.raw.destroy();
      for (const { socket } of accepted) socket.destroy();
      await listener.close();
    }
  });
}

for (const transport of TRANSPORTS) {
  for (const kind of ["tcp", "unix"] as const) {
    if (kind === "unix" && process.platform === "win32") continue;
    const behaves = (
      name: string,
      use: Parameters<typeof withBound>[3],
      options: ListenOptions = OPTIONS,
    ) =>
      test(
        `${label(transport.name)} accept() on ${kind} ${name}`,
        () => withBound(transport, kind, options, use),
      );

    behaves(
      "first takes those who have connected since, in their order",
      async ({ accepted, accept, connect }) => {
        const early = [];
        for (const word of ["one", "two", "three"]) {
          const peer = await connect();
          peer.write(word);
          early.push(peer);
        }
        await aWhile();
        assert.equal(accepted.length, 0);
        accept();
        await until(() => accepted.length === 3, "they are accepted");
        await until(
          () => accepted.every((one) => one.text !== ""),
          "they are heard",
        );
        assert.deepEqual(accepted.map((one) => one.text), [
          "one",
          "two",
          "three",
        ]);
        const late = await connect();
        late.write("four");
        await until(() => accepted[3]?.text === "four", "it is heard");
      },
    );

    behaves(
      "loses nothing of what was sent before, nor the FIN behind it",
      async ({ accepted, accept, connect }) => {
        const peer = await connect();
        const sent = "x".repeat(100_000);
        peer.write(sent);
        peer.end();
        await aWhile();
        accept();
        await until(() => accepted[0]?.ends === 1, "the end is told");
        assert.equal(accepted[0]!.text.length, sent.length);
        assert.equal(accepted[0]!.text, sent);
        accepted[0]!.socket.write(text("bye"));
        accepted[0]!.socket.end();
        await until(() => peer.text === "bye", "the answer arrives");
      },
    );

    behaves(
      "does without those who were reset before",
      async ({ accepted, accept, connect }) => {
        const gone = await connect();
        if (kind === "tcp") gone.raw.resetAndDestroy();
        else gone.raw.destroy();
        await aWhile();
        accept();
        const peer = await connect();
        peer.write("here");
        await until(
          () => accepted.some((one) => one.text === "here"),
          "the next one is heard",
        );
        await aWhile();
        // Where the runtime has noticed only now, it is accepted, and ends.
        for (const one of accepted) {
          if (one.text === "here") continue;
          one.socket.destroy();
          await until(() => one.closes === 1, "it is closed");
        }
      },
    );

    behaves(
      "may pause at once who has waited",
      async ({ listener, connect }) => {
        const peer = await connect();
        peer.write("early");
        await aWhile();
        let recorder: Recorder | undefined;
        listener.accept((socket) => {
          socket.pause();
          return recorder = new Recorder(socket);
        });
        await until(() => recorder !== undefined, "it is accepted");
        await aWhile();
        assert.equal(recorder!.text, "");
        recorder!.socket.resume();
        await until(() => recorder!.text === "early", "it is heard");
        recorder!.socket.destroy();
      },
    );
  }

  test(`${label(transport.name)} close() without accept() drops who waits`, async () => {
    const listener = await transport.bind(
      { kind: "tcp", host: "127.0.0.1", port: 0 },
      OPTIONS,
    );
    const peer = await Peer.connect(listener.address, false);
    await aWhile();
    await listener.close();
    await until(
      () => peer.hasEnded || peer.isClosed,
      "the peer hears of it",
    );
    peer.raw.destroy();
    listener.accept(() => {
      throw new Error("Cannot happen: it is closed");
    });
    const next = await transport.bind(listener.address, OPTIONS);
    await next.close();
  });

  // With Deno's own sockets they wait in the kernel, which counts them in its own way.
  if (transport.name === "native" && RUNTIME === "deno") continue;
  test(
    `${
      transport.name === "native" ? "[bun] native" : "node"
    } bind() holds no more than the backlog`,
    () =>
      withBound(
        transport,
        "tcp",
        { backlog: 2 },
        async ({ accepted, accept, connect }) => {
          const peers = [await connect(), await connect(), await connect()];
          await until(
            () => peers[2]!.hasEnded || peers[2]!.isClosed,
            "the third is closed",
          );
          accept();
          await until(() => accepted.length === 2, "two are accepted");
          for (const peer of peers.slice(0, 2)) peer.write("x");
          await until(
            () => accepted.every((one) => one.text === "x"),
            "both are heard",
          );
        },
      ),
  );
}
