/**
 * Holds every transport of the current runtime to every sentence of `Socket`, `SocketHandler` and
 * `Listener` in src/runtime/types.ts, plain and with TLS. Over Deno, Bun and Node these are five
 * transports.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { runtime } from "../../src/runtime/mod.ts";
import type { Socket } from "../../src/runtime/types.ts";
import {
  aWhile,
  type Carriage,
  CARRIAGES,
  type Kind,
  label,
  listen,
  nameOf,
  pattern,
  Peer,
  Recorder,
  sameBytes,
  text,
  TRANSPORTS,
  until,
  type Wire,
  withWire,
} from "./_wire.ts";

const MEGABYTE = 1 << 20;
/** More than loopback's buffers take, so that some of it must wait. */
const LARGE: Uint8Array = pattern(16 * MEGABYTE);

test("the suite runs where it believes it runs", () => {
  const { deno, bun } = process.versions as Record<string, string | undefined>;
  const name = deno !== undefined ? "deno" : bun !== undefined ? "bun" : "node";
  assert.equal(runtime.name, name);
  assert.deepEqual(
    TRANSPORTS.map((transport) => transport.name),
    name === "node" ? ["node"] : ["native", "node"],
  );
});

const recorder = (socket: Socket): Recorder => new Recorder(socket);

/** What Bun 1.4 does not do, by sentence. */
const BUN_GAPS: Readonly<
  Record<string, { for: (carriage: Carriage) => boolean; reason: string }>
> = {
  "the peer's FIN is onEnd(), once, and writing still works": {
    for: ({ tls }) => tls === "taken",
    reason: "TLS over another stream than a net.Socket closes with that FIN",
  },
  "a peer that vanishes is onClose(), once and last": {
    for: ({ tls, kind }) => tls === "listener" && kind === "unix",
    reason: "what is written with TLS to a UNIX socket that is gone waits",
  },
};

for (const carriage of CARRIAGES) {
  const { transport: { name: transport }, kind } = carriage;
  describe(nameOf(carriage), () => {
    /** A test with a listener whose connections are recorded. */
    const wired: Wired = (name, body) => {
      const run = () => withWire(carriage, recorder, body);
      const gap = BUN_GAPS[name];
      if (!gap?.for(carriage)) return void test(name, run);
      const others = transport === "native" ? "[deno]" : "[deno] [node]";
      const skip = runtime.name === "bun" && gap.reason;
      test(`${others} ${name}`, { skip }, run);
    };
    reading(wired, kind);
    writing(wired, carriage);
    ending(wired, carriage);
    handling(wired);
    listening(wired, carriage);
    accepting(carriage);
  });
}

type Wired = (
  name: string,
  body: (wire: Wire<Recorder>) => Promise<void>,
) => void;

function reading(wired: Wired, kind: Kind): void {
  wired(
    "starts out reading and hands over what arrives, in order",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      peer.write("one ");
      await until(() => handler.bytes === 4, "the first part arrives");
      peer.write("two");
      await until(() => handler.bytes === 7, "the second part arrives");
      assert.equal(handler.text, "one two");
    },
  );

  wired("hands over a large upload unchanged", async ({ connect }) => {
    const { peer, handler } = await connect();
    peer.write(LARGE);
    await until(() => handler.bytes === LARGE.length, "the upload arrives");
    let at = 0;
    for (const chunk of handler.chunks) {
      assert.ok(sameBytes(chunk, LARGE.subarray(at, at + chunk.length)));
      at += chunk.length;
    }
  });

  wired(
    "pause() slows the peer and resume() delivers everything",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      handler.socket.pause();
      handler.socket.pause();
      await aWhile();
      const { bytes } = handler;
      let accepted = 0;
      const piece = pattern(MEGABYTE);
      for (let i = 0; i < 64; i++) peer.raw.write(piece, () => accepted++);
      await aWhile();
      await aWhile();
      assert.ok(accepted < 24, `the peer got rid of ${accepted} of 64 MB`);
      assert.equal(handler.bytes, bytes, "onData came while paused");
      handler.inside = "resume";
      handler.socket.resume();
      handler.socket.resume();
      handler.inside = "";
      await until(() => handler.bytes === 64 * MEGABYTE, "everything arrives");
      let at = 0;
      for (const chunk of handler.chunks) {
        for (let i = 0; i < chunk.length; i += 997) {
          assert.equal(chunk[i], piece[(at + i) % MEGABYTE]);
        }
        at += chunk.length;
      }
      assert.equal(handler.reentered, "");
    },
  );

  wired("pause() inside onData() holds the rest back", async ({ connect }) => {
    const { peer, handler } = await connect();
    const record = handler.onData.bind(handler);
    let calls = 0;
    handler.onData = (bytes) => {
      record(bytes);
      calls++;
      handler.socket.pause();
    };
    peer.write(LARGE);
    await until(() => calls === 1, "the first bytes arrive");
    await aWhile();
    assert.equal(calls, 1);
    handler.onData = record;
    handler.socket.resume();
    await until(() => handler.bytes === LARGE.length, "the rest arrives");
  });

  wired(
    "resume() inside onData() leaves the lent bytes alone",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      const record = handler.onData.bind(handler);
      let broken = 0;
      let depth = 0;
      handler.onData = (bytes) => {
        if (depth++ > 0) broken++;
        const before = bytes.slice();
        handler.socket.pause();
        handler.socket.resume();
        handler.socket.pause();
        handler.socket.resume();
        record(bytes);
        if (!sameBytes(before, bytes)) broken++;
        depth--;
      };
      peer.write(LARGE);
      await until(() => handler.bytes === LARGE.length, "everything arrives");
      assert.equal(broken, 0);
    },
  );

  wired(
    "pause() and resume() in one turn lose and repeat nothing",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      for (let i = 0; i < 200; i++) {
        peer.write(`${i};`);
        handler.socket.pause();
        if (i % 3 === 0) await Promise.resolve();
        if (i % 7 === 0) await aTurn();
        handler.socket.resume();
        if (i % 5 === 0) handler.socket.pause();
        handler.socket.resume();
        if (i % 4 === 0) await aTurn();
      }
      const whole = Array.from({ length: 200 }, (_, i) => `${i};`).join("");
      await until(() => handler.bytes === whole.length, "everything arrives");
      assert.equal(handler.text, whole);
    },
  );

  wired(
    "knows both addresses, and keeps them after close",
    async ({ connect, listener }) => {
      const { peer, handler } = await connect();
      const { localAddress, remoteAddress } = handler.socket;
      if (kind === "unix") {
        assert.deepEqual(localAddress, listener.address);
        assert.deepEqual(remoteAddress, { kind, path: "" });
      } else {
        assert.deepEqual({ ...localAddress }, { ...listener.address });
        assert.deepEqual(remoteAddress, {
          kind,
          host: "127.0.0.1",
          port: peer.raw.localPort,
        });
      }
      handler.socket.destroy();
      await until(() => handler.closes === 1, "it is closed");
      assert.equal(handler.socket.localAddress, localAddress);
      assert.equal(handler.socket.remoteAddress, remoteAddress);
    },
  );
}

function writing(wired: Wired, { tls }: Carriage): void {
  wired("write() reaches the peer", async ({ connect }) => {
    const { peer, handler } = await connect();
    handler.socket.write(text("hello"));
    await until(() => peer.bytes === 5, "the bytes arrive");
    assert.equal(peer.text, "hello");
    await until(() => handler.socket.queuedBytes === 0, "nothing is queued");
  });

  wired("write() of nothing is harmless", async ({ connect }) => {
    const { peer, handler } = await connect();
    handler.socket.write(new Uint8Array(0));
    handler.socket.write(text("a"));
    handler.socket.write(new Uint8Array(0));
    handler.socket.write(text("b"));
    await until(() => peer.text === "ab", "the bytes arrive");
  });

  wired(
    "a large write to a slow peer arrives whole and drains once",
    async ({ connect }) => {
      const { peer, handler } = await connect({ paused: true });
      const { socket } = handler;
      handler.inside = "write";
      assert.equal(socket.write(LARGE), false);
      handler.inside = "";
      // TLS adds some bytes to each of its records.
      const most = tls === "none" ? LARGE.length : LARGE.length * 1.01;
      assert.ok(socket.queuedBytes > 0 && socket.queuedBytes <= most);
      await aWhile();
      assert.equal(handler.drains, 0, "onDrain came before the peer read");
      assert.ok(socket.queuedBytes > 0);
      peer.read();
      await until(() => peer.bytes === LARGE.length, "everything arrives");
      await until(() => handler.drains > 0, "it drains");
      assert.equal(socket.queuedBytes, 0);
      assert.ok(sameBytes(peer.received, LARGE));
      await aWhile();
      assert.equal(handler.drains, 1);
      assert.equal(handler.reentered, "");
    },
  );

  wired("a little that had to wait drains as well", async ({ connect }) => {
    const { peer, handler } = await connect({ paused: true });
    const { socket } = handler;
    const piece = pattern(4096);
    let written = 0;
    // Until one write in many has to wait: less than any high water mark.
    while (socket.write(piece)) {
      written += piece.length;
      assert.ok(
        written < 64 * MEGABYTE,
        "the peer does not read, yet every write leaves",
      );
    }
    written += piece.length;
    peer.read();
    await until(() => handler.drains === 1, "it drains");
    await until(() => peer.bytes === written, "everything arrives");
    assert.equal(socket.queuedBytes, 0);
  });

  wired("many small writes keep their order", async ({ connect }) => {
    const { peer, handler } = await connect();
    let whole = "";
    for (let i = 0; i < 5000; i++) {
      whole += `${i},`;
      handler.socket.write(text(`${i},`));
    }
    await until(() => peer.bytes === whole.length, "everything arrives");
    assert.equal(peer.text, whole);
    await until(() => handler.socket.queuedBytes === 0, "nothing is queued");
  });

  wired(
    "writes of all sizes to a slow peer keep their order",
    async ({ connect }) => {
      const { peer, handler } = await connect({ paused: true });
      const sizes = [1, 70_000, 3, 3, 3, 65_536, 65_535, 1, 500_000, 9];
      let total = 0;
      let at = 0;
      for (let round = 0; total < 12 * MEGABYTE; round++) {
        const size = sizes[round % sizes.length];
        handler.socket.write(LARGE.subarray(at, at + size));
        at = (at + size) % MEGABYTE;
        total += size;
      }
      await aWhile();
      peer.read();
      await until(() => peer.bytes === total, "everything arrives");
      const { received } = peer;
      let from = 0;
      at = 0;
      for (let round = 0; from < total; round++) {
        const size = sizes[round % sizes.length];
        assert.ok(
          sameBytes(
            received.subarray(from, from + size),
            LARGE.subarray(at, at + size),
          ),
        );
        at = (at + size) % MEGABYTE;
        from += size;
      }
      await until(() => handler.drains > 0, "it drains");
      assert.equal(handler.socket.queuedBytes, 0);
    },
  );

  wired(
    "a pair arrives as two writes would, whatever its sizes",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      const { socket } = handler;
      let total = 0;
      for (const head of [0, 1, 14, 4096]) {
        for (const body of [0, 1, 16_385, 65_536, 131_072, 700_000]) {
          socket.writePair(
            LARGE.subarray(total, total + head),
            LARGE.subarray(total + head, total + head + body),
          );
          total += head + body;
          // Every third waits for what is before it, or not.
          if (body === 65_536) await aWhile();
        }
      }
      socket.write(LARGE.subarray(total, total + 5));
      total += 5;
      await until(() => peer.bytes === total, "everything arrives");
      assert.ok(sameBytes(peer.received, LARGE.subarray(0, total)));
      await until(() => socket.queuedBytes === 0, "nothing is queued");
    },
  );

  wired("pairs to a slow peer wait and drain once", async ({ connect }) => {
    const { peer, handler } = await connect({ paused: true });
    const { socket } = handler;
    const half = LARGE.length / 2;
    assert.equal(
      socket.writePair(LARGE.subarray(0, 10), LARGE.subarray(10, half)),
      false,
    );
    assert.equal(
      socket.writePair(
        LARGE.subarray(half, half + 7),
        LARGE.subarray(half + 7),
      ),
      false,
    );
    await aWhile();
    assert.equal(handler.drains, 0, "onDrain came before the peer read");
    assert.ok(socket.queuedBytes > 0);
    peer.read();
    await until(() => peer.bytes === LARGE.length, "everything arrives");
    await until(() => handler.drains > 0, "it drains");
    assert.ok(sameBytes(peer.received, LARGE));
    await aWhile();
    assert.equal(handler.drains, 1);
    assert.equal(socket.queuedBytes, 0);
  });

  wired("a pair after the end is not sent", async ({ connect }) => {
    const { peer, handler } = await connect();
    const { socket } = handler;
    socket.writePair(text("one, "), text("two"));
    socket.end();
    assert.equal(socket.writePair(text("too "), text("late")), true);
    await until(() => peer.hasEnded, "the end arrives");
    assert.equal(peer.text, "one, two");
    socket.destroy();
    assert.equal(socket.writePair(text("too "), text("late")), true);
    assert.equal(socket.queuedBytes, 0);
  });

  wired(
    "after write() is true or onDrain() the buffer is the caller's",
    async ({ connect }) => {
      const { peer, handler } = await connect({ paused: true });
      const { socket } = handler;
      const buffer = new Uint8Array(100_000);
      let round = 0;
      const total = 120;
      const proceed = (): void => {
        do {
          if (round === total) return;
          buffer.fill(round++);
        } while (socket.write(buffer));
      };
      handler.onDrain = proceed;
      proceed();
      await aWhile();
      peer.read();
      await until(
        () => peer.bytes === total * buffer.length,
        "everything arrives",
      );
      const { received } = peer;
      for (let i = 0; i < total; i++) {
        const part = received.subarray(
          i * buffer.length,
          (i + 1) * buffer.length,
        );
        assert.ok(
          sameBytes(part, buffer.fill(i)),
          `buffer ${i} was changed under way`,
        );
      }
    },
  );

  wired(
    "answers each of many requests on one connection",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      handler.onData = (bytes) => void handler.socket.write(bytes.slice());
      for (let i = 0; i < 50; i++) {
        peer.write("ping");
        await until(() => peer.bytes >= (i + 1) * 4, "the answer arrives");
      }
      assert.equal(peer.text, "ping".repeat(50));
    },
  );
}

function ending(wired: Wired, { kind, tls, transport }: Carriage): void {
  // Deno 2.9 has none for its own sockets.
  const sendsResets = kind === "tcp" && tls === "none" &&
    !(transport.name === "native" && runtime.name === "deno");
  // A UNIX socket has no reset: the peer closes, which reads as FIN, and we answer in vain.
  const seesResets = kind === "tcp";

  wired(
    "the peer's FIN is onEnd(), once, and writing still works",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      peer.write("request");
      peer.end();
      await until(() => handler.ends === 1, "FIN arrives");
      assert.equal(handler.text, "request");
      await aWhile();
      assert.equal(handler.closes, 0, "half-closed is not closed");
      handler.socket.write(text("answer"));
      handler.inside = "end";
      handler.socket.end();
      handler.inside = "";
      await until(() => handler.closes === 1, "it is closed");
      await until(() => peer.hasEnded, "our FIN arrives");
      assert.equal(peer.text, "answer");
      assert.equal(handler.error, undefined);
      assert.deepEqual(handler.order.filter((event) => event !== "drain"), [
        "data",
        "end",
        "close",
      ]);
      assert.equal(handler.reentered, "");
    },
  );

  wired(
    "end() sends what is queued, then FIN, and reads on",
    async ({ connect }) => {
      const { peer, handler } = await connect({ paused: true });
      handler.socket.write(LARGE);
      handler.inside = "end";
      handler.socket.end();
      handler.socket.end();
      handler.inside = "";
      assert.equal(handler.socket.write(text("too late")), true);
      await aWhile();
      peer.read();
      await until(() => peer.hasEnded, "FIN arrives");
      assert.ok(sameBytes(peer.received, LARGE));
      await until(() => handler.drains === 1, "it drains");
      peer.write("more");
      await until(() => handler.text === "more", "it reads on");
      assert.equal(handler.closes, 0);
      peer.end();
      await until(() => handler.closes === 1, "both FINs close it");
      assert.equal(handler.ends, 1);
      assert.equal(handler.error, undefined);
      assert.deepEqual(handler.order, ["drain", "data", "end", "close"]);
      assert.equal(handler.reentered, "");
    },
  );

  wired("end() on a quiet socket sends FIN at once", async ({ connect }) => {
    const { peer, handler } = await connect();
    handler.socket.end();
    await until(() => peer.hasEnded, "FIN arrives");
    peer.end();
    await until(() => handler.closes === 1, "it is closed");
    assert.deepEqual(handler.order, ["end", "close"]);
  });

  wired(
    "destroy() drops what is queued and closes now",
    async ({ connect }) => {
      const { peer, handler } = await connect({ paused: true });
      handler.socket.write(LARGE);
      handler.inside = "destroy";
      handler.socket.destroy();
      handler.socket.destroy();
      handler.inside = "";
      assert.equal(handler.socket.queuedBytes, 0);
      await until(() => handler.closes === 1, "onClose comes");
      peer.read();
      await until(
        () => peer.isClosed || peer.hasEnded,
        "the peer sees the end",
      );
      assert.ok(peer.bytes < LARGE.length);
      await aWhile();
      assert.deepEqual(handler.order, ["close"]);
      assert.equal(handler.closes, 1);
      assert.equal(handler.error, undefined);
      assert.equal(handler.reentered, "");
    },
  );

  wired(
    "reset() sends what had left, and then a reset where there is one",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      handler.socket.write(text("a part"));
      await until(() => peer.text === "a part", "the part arrives");
      handler.inside = "reset";
      handler.socket.reset();
      handler.socket.reset();
      handler.inside = "";
      assert.equal(handler.socket.queuedBytes, 0);
      assert.equal(handler.socket.write(text("too late")), true);
      await until(() => handler.closes === 1, "onClose comes");
      await until(() => peer.isClosed || peer.hasEnded, "the end is seen");
      if (sendsResets) assert.equal(peer.error?.code, "ECONNRESET");
      await aWhile();
      assert.equal(handler.order.at(-1), "close");
      assert.equal(handler.closes, 1);
      assert.equal(handler.error, undefined);
      assert.equal(handler.reentered, "");
    },
  );

  wired("reset() drops what is queued", async ({ connect }) => {
    const { peer, handler } = await connect({ paused: true });
    handler.socket.write(LARGE);
    handler.socket.reset();
    assert.equal(handler.socket.queuedBytes, 0);
    await until(() => handler.closes === 1, "onClose comes");
    peer.read();
    await until(() => peer.isClosed || peer.hasEnded, "the end is seen");
    assert.ok(peer.bytes < LARGE.length);
  });

  wired(
    "after destroy() in onData() only onClose() comes",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      const record = handler.onData.bind(handler);
      handler.onData = (bytes) => {
        record(bytes);
        handler.socket.write(text("x"));
        handler.socket.destroy();
      };
      peer.write(LARGE);
      peer.end();
      await until(() => handler.closes === 1, "onClose comes");
      await aWhile();
      assert.deepEqual(handler.order, ["data", "close"]);
      assert.equal(handler.chunks.length, 1);
    },
  );

  wired(
    "what is answered in the turn of the last bytes leaves before onEnd()",
    async ({ connect }) => {
      for (let i = 0; i < 10; i++) {
        const { peer, handler } = await connect();
        const order: string[] = [];
        handler.onData = () => {
          runtime.afterTurn(() => order.push("turn"));
        };
        handler.onEnd = () => {
          order.push("end");
          handler.socket.end();
        };
        peer.raw.end("the last word");
        await until(() => order.includes("end"), "the end arrives");
        assert.deepEqual(order.slice(0, 1), ["turn"]);
        await until(() => handler.closes === 1, "it is closed");
      }
    },
  );

  wired(
    "a peer that vanishes is onClose(), once and last",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      peer.write("hello");
      await until(() => handler.bytes === 5, "the bytes arrive");
      peer.vanish();
      if (!seesResets) {
        await until(() => handler.ends === 1, "the end arrives");
        handler.socket.write(LARGE);
      }
      await until(() => handler.closes === 1, "onClose comes");
      await aWhile();
      assert.equal(handler.closes, 1);
      assert.equal(handler.order.at(-1), "close");
    },
  );

  wired(
    "a peer that vanishes from a large answer is onClose(), once",
    async ({ connect }) => {
      const { peer, handler } = await connect({ paused: true });
      handler.socket.write(LARGE);
      await aWhile();
      peer.vanish();
      await until(() => handler.closes === 1, "onClose comes");
      await aWhile();
      assert.equal(handler.closes, 1);
      assert.equal(handler.drains, 0, "it was never sent");
      assert.equal(handler.order.at(-1), "close");
      assert.equal(handler.socket.queuedBytes, 0);
    },
  );

  wired("every method does nothing after close", async ({ connect }) => {
    const { handler } = await connect();
    const { socket } = handler;
    socket.destroy();
    const useAll = (): void => {
      assert.equal(socket.write(text("late")), true);
      socket.pause();
      socket.resume();
      socket.end();
      socket.destroy();
      socket.reset();
      assert.equal(socket.queuedBytes, 0);
    };
    useAll();
    await until(() => handler.closes === 1, "it is closed");
    useAll();
    await aWhile();
    useAll();
    assert.deepEqual(handler.order, ["close"]);
    assert.equal(handler.closes, 1);
  });

  wired(
    "every method does nothing after the peer has closed",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      const { socket } = handler;
      const close = handler.onClose.bind(handler);
      handler.onClose = (error) => {
        socket.write(text("late"));
        socket.end();
        socket.destroy();
        close(error);
      };
      socket.end();
      peer.end();
      await until(() => handler.closes === 1, "it is closed");
      assert.equal(socket.write(text("late")), true);
      socket.pause();
      socket.resume();
      socket.end();
      socket.destroy();
      await aWhile();
      assert.equal(handler.closes, 1);
      assert.equal(handler.order.at(-1), "close");
    },
  );

  wired("a paused socket can be ended and destroyed", async ({ connect }) => {
    const { peer, handler } = await connect();
    handler.socket.pause();
    peer.write("unread");
    handler.socket.write(text("bye"));
    handler.socket.end();
    await until(() => peer.hasEnded, "FIN arrives");
    assert.equal(peer.text, "bye");
    handler.socket.destroy();
    await until(() => handler.closes === 1, "it is closed");
    assert.deepEqual(handler.order.filter((event) => event !== "drain"), [
      "close",
    ]);
  });
}

function handling(wired: Wired): void {
  wired(
    "a handler assigned anew hears everything that follows",
    async ({ connect }) => {
      const { peer, handler } = await connect();
      const second = new Recorder(handler.socket);
      const record = handler.onData.bind(handler);
      handler.onData = (bytes) => {
        record(bytes);
        handler.socket.handler = second;
      };
      peer.write("upgrade");
      await until(() => handler.bytes === 7, "the first bytes arrive");
      peer.write("frame");
      peer.end();
      await until(() => second.ends === 1, "the rest arrives");
      second.socket.end();
      await until(() => second.closes === 1, "it is closed");
      assert.equal(second.text, "frame");
      assert.deepEqual([handler.ends, handler.closes], [0, 0]);
    },
  );

  for (const event of ["onData", "onEnd", "onDrain"] as const) {
    wired(
      `a handler that throws in ${event}() closes its own socket`,
      async ({ connect }) => {
        const { peer, handler } = await connect({
          paused: event === "onDrain",
        });
        const bystander = await connect();
        handler[event] = () => {
          throw new Error("broken handler");
        };
        if (event === "onDrain") {
          handler.socket.write(LARGE);
          peer.read();
        } else {
          peer.write("x");
          peer.end();
        }
        await until(() => handler.closes === 1, "it is closed");
        assert.equal(handler.error?.message, "broken handler");
        bystander.peer.write("fine");
        await until(
          () => bystander.handler.text === "fine",
          "the others live on",
        );
      },
    );
  }
}

function listening(wired: Wired, { tls }: Carriage): void {
  wired("holds many connections", async ({ dial, handlers }) => {
    const count = tls === "none" ? 500 : 100;
    const peers: Peer[] = [];
    try {
      for (let i = 0; i < count; i += 50) {
        peers.push(
          ...await Promise.all(
            Array.from({ length: 50 }, () => dial()),
          ),
        );
      }
      await until(() => handlers.length === count, "all are accepted");
      for (const handler of handlers) handler.socket.write(text("hello"));
      peers.forEach((peer, i) => peer.write(`I am ${i}`));
      await until(
        () => handlers.every((handler) => handler.bytes > 5),
        "all are heard",
      );
      await until(
        () => peers.every((peer) => peer.bytes === 5),
        "all are answered",
      );
      const said = new Set(handlers.map((handler) => handler.text));
      assert.equal(said.size, count);
    } finally {
      for (const peer of peers) peer.raw.destroy();
      for (const handler of handlers) handler.socket.end();
    }
    await until(
      () => handlers.every((handler) => handler.closes === 1),
      "all are closed",
    );
  });

  wired(
    "close() keeps open sockets and takes no new ones",
    async ({ connect, dial, listener }) => {
      const { peer, handler } = await connect();
      await Promise.all([listener.close(), listener.close()]);
      await assert.rejects(dial());
      peer.write("still here");
      await until(() => handler.text === "still here", "the peer is heard");
      handler.socket.write(text("so am I"));
      await until(() => peer.text === "so am I", "the peer is answered");
      listener.ref();
      listener.unref();
    },
  );

  for (const next of TRANSPORTS) {
    wired(
      `a ${label(next.name)} listener can follow at once`,
      async ({ connect, listener }) => {
        const { peer, handler } = await connect();
        await listener.close();
        const accepted: Recorder[] = [];
        const second = await listen(
          next,
          listener.address,
          { backlog: 16 },
          (socket) => {
            accepted.push(new Recorder(socket));
            return accepted[0];
          },
        );
        try {
          const other = await Peer.connect(second.address, false);
          other.write("new");
          await until(
            () => accepted[0]?.text === "new",
            "the new listener hears",
          );
          peer.write("old");
          await until(() => handler.text === "old", "the old connection hears");
          other.raw.destroy();
          accepted[0].socket.destroy();
        } finally {
          await second.close();
        }
        assert.deepEqual({ ...second.address }, { ...listener.address });
      },
    );
  }

  wired(
    "survives peers that connect and reset at once",
    async ({ connect, dial, handlers }) => {
      for (let i = 0; i < 20; i++) {
        const peer = await dial();
        peer.vanish();
      }
      // With TLS, some of the others may be accepted only now.
      const { peer } = await connect();
      peer.write("after the storm");
      const heard = () =>
        handlers.find((handler) => handler.text === "after the storm");
      await until(() => heard() !== undefined, "it is heard");
      const others = handlers.filter((handler) => handler !== heard());
      for (const other of others) other.socket.end();
      await until(
        () => others.every((other) => other.closes === 1),
        "the others are closed",
      );
    },
  );
}

function accepting(carriage: Carriage): void {
  /** A test whose connections are accepted by `accept`. */
  const accepted = (
    name: string,
    accept: (recorder: Recorder) => void,
    body: (wire: Wire<Recorder>) => Promise<void>,
  ): void => {
    const makeHandler = (socket: Socket): Recorder => {
      const made = new Recorder(socket);
      accept(made);
      return made;
    };
    test(name, () => withWire(carriage, makeHandler, body));
  };

  accepted("accept may write and end at once", ({ socket }) => {
    socket.write(text("bye"));
    socket.end();
  }, async ({ connect }) => {
    const { peer, handler } = await connect();
    await until(() => peer.hasEnded, "FIN arrives");
    assert.equal(peer.text, "bye");
    peer.end();
    await until(() => handler.closes === 1, "it is closed");
    assert.equal(handler.error, undefined);
  });

  accepted("accept may write a lot", ({ socket }) => {
    socket.write(LARGE);
  }, async ({ connect }) => {
    const { peer, handler } = await connect();
    await until(() => peer.bytes === LARGE.length, "everything arrives");
    await until(() => handler.drains === 1, "it drains");
    assert.ok(sameBytes(peer.received, LARGE));
  });

  accepted(
    "accept may pause",
    ({ socket }) => socket.pause(),
    async ({ connect }) => {
      const { peer, handler } = await connect();
      peer.write("hello");
      await aWhile();
      assert.equal(handler.bytes, 0);
      handler.socket.resume();
      await until(() => handler.text === "hello", "the bytes arrive");
    },
  );

  accepted(
    "accept may destroy",
    ({ socket }) => socket.destroy(),
    async ({ connect }) => {
      const { peer, handler } = await connect();
      peer.write("hello");
      await until(() => handler.closes === 1, "onClose comes");
      await until(
        () => peer.hasEnded || peer.isClosed,
        "the peer sees the end",
      );
      assert.deepEqual(handler.order, ["close"]);
    },
  );

  test("accept that throws loses its own connection only", async () => {
    let calls = 0;
    const makeHandler = (socket: Socket): Recorder => {
      if (calls++ === 0) throw new Error("Cannot accept: this is a test");
      return new Recorder(socket);
    };
    await withWire(
      carriage,
      makeHandler,
      async ({ connect, dial }) => {
        const refused = await dial();
        await until(
          () => refused.hasEnded || refused.isClosed,
          "the first is refused",
        );
        refused.raw.destroy();
        const { peer, handler } = await connect();
        peer.write("hello");
        await until(() => handler.text === "hello", "the second is served");
      },
    );
  });
}

function aTurn(): Promise<void> {
  return new Promise((resolve) => runtime.afterTurn(resolve));
}
