/** One open WebSocket over a fake socket and a fake clock: messages, pings, endings. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SendEvent } from "../../../src/asgi.ts";
import { runtime } from "../../../src/runtime/mod.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../../../src/websocket/limits.ts";
import { bytesOf, latin1 } from "../../_support/raw_client.ts";
import type { FakeSocket } from "../../_support/fake_socket.ts";
import {
  binaryFrame,
  closeFrame,
  frame,
  handshakeRequest,
  pingFrame,
  pongFrame,
  readFrame,
  textFrame,
} from "../../_support/websocket_frames.ts";

import {
  assertGone,
  connecting,
  DEFLATE,
  frames,
  harnessOf,
  open,
  type Opened,
  Puppet,
  READ_AHEAD,
  readAhead,
} from "../../_support/websocket_puppet.ts";

describe("messages in (websocket:W-042 to W-058)", () => {
  test("WebSocketConnection delivers text and octets, empty ones too", async () => {
    const { harness, socket, puppet } = await open();
    puppet.listen();
    socket.receive(textFrame("hé"));
    socket.receive(textFrame(""));
    socket.receive(binaryFrame("\x01\xff"));
    socket.receive(binaryFrame(""));
    await harness.turn();
    assert.deepEqual(puppet.heard, ["hé", "", "bytes 1,255", "bytes "]);
  });

  test("WebSocketConnection lends nothing to the application: its octets stay", async () => {
    const { harness, socket, puppet } = await open();
    socket.receive(binaryFrame("abc"));
    socket.receive(binaryFrame("xyz"));
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, ["bytes 97,98,99", "bytes 120,121,122"]);
  });

  test("WebSocketConnection joins fragments and answers a ping between them (websocket:W-045)", async () => {
    const { harness, socket, puppet } = await open();
    puppet.listen();
    const text = [...new TextEncoder().encode("aé")];
    socket.receive(
      frame(1, Uint8Array.from(text.slice(0, 2)), { fin: false }),
    );
    socket.receive(pingFrame("now"));
    await harness.turn();
    assert.deepEqual(frames(socket), ["pong now"]);
    assert.deepEqual(puppet.heard, []);
    socket.receive(frame(0, Uint8Array.from(text.slice(2))));
    await harness.turn();
    assert.deepEqual(puppet.heard, ["aé"]);
  });

  test("WebSocketConnection reads frames cut at every position", async () => {
    const { harness, socket, puppet } = await open();
    puppet.listen();
    const bytes = latin1(textFrame("cut")) + latin1(binaryFrame("x")) +
      latin1(textFrame("y".repeat(200)));
    for (const unit of bytes) socket.receive(unit);
    await harness.turn();
    assert.deepEqual(puppet.heard, ["cut", "bytes 120", "y".repeat(200)]);
  });

  for (
    const [what, sent, code, reason] of [
      ["text that is no UTF-8 (websocket:W-052)", frame(1, "\xff"), 1007, /./],
      [
        "an unmasked frame (websocket:W-053)",
        frame(1, "a", { key: undefined }),
        1002,
        /./,
      ],
      [
        "a reserved bit (websocket:W-054)",
        frame(1, "a", { rsv: 4 }),
        1002,
        /./,
      ],
      ["an unknown opcode (websocket:W-054)", frame(3, "a"), 1002, /./],
      [
        "a continuation of nothing (websocket:W-054)",
        frame(0, "a"),
        1002,
        /./,
      ],
      [
        "a message in its maximum's despite (websocket:W-047)",
        frame(2, "", { announced: 101 }),
        1009,
        /./,
      ],
      [
        "fragments past the maximum (websocket:W-049)",
        bytesOf(
          latin1(frame(2, "x".repeat(60), { fin: false })) +
            latin1(frame(0, "", { fin: false, announced: 41 })),
        ),
        1009,
        /./,
      ],
      [
        "a close code that must not travel (websocket:W-078)",
        closeFrame(1005),
        1002,
        /./,
      ],
      ["a close payload of one octet", frame(8, "\x03"), 1002, /./],
      ["a close reason that is no UTF-8", frame(8, "\x03\xe8\xff"), 1007, /./],
    ] as const
  ) {
    test(`WebSocketConnection answers ${code} to ${what}`, async () => {
      const opened = await open({
        websocket: {
          limits: { ...DEFAULT_WEBSOCKET_LIMITS, maxMessageBytes: 100 },
        },
      });
      const { harness, socket, puppet } = opened;
      puppet.listen();
      socket.receive(textFrame("before"));
      socket.receive(sent);
      socket.receive(textFrame("after"));
      await harness.turn();
      const [said, ...more] = frames(socket);
      assert.ok(said.startsWith(`close ${code} `), said);
      assert.deepEqual(more, []);
      assert.equal(socket.hasEnded, true);
      assert.equal(puppet.heard[0], "before");
      assert.ok(puppet.heard[1].startsWith(`disconnect ${code} `));
      assert.match(puppet.heard[1].slice(16), reason);
      assert.equal(puppet.heard.length, 2);
      // websocket:W-066: the application's next send is told of a disconnect.
      await assert.rejects(puppet.send({ type: "websocket.send", text: "x" }), {
        code: "ERR_TRICORN_CLIENT_DISCONNECTED",
        close_code: code,
      });
      assert.equal(harness.logger.at("warning").length, 1);
      assert.deepEqual(harness.logger.at("error"), []);
      puppet.finish();
      socket.close();
      await harness.turn();
      assertGone(opened);
    });
  }

  test("WebSocketConnection delivers a message of exactly the maximum (websocket:W-048)", async () => {
    const { harness, socket, puppet } = await open({
      websocket: {
        limits: { ...DEFAULT_WEBSOCKET_LIMITS, maxMessageBytes: 100 },
      },
    });
    puppet.listen();
    socket.receive(textFrame("é".repeat(50)));
    await harness.turn();
    assert.deepEqual(puppet.heard, ["é".repeat(50)]);
  });
});

describe("the receive queue (asgi:A-148, websocket:W-095 to W-098, options:O-036)", () => {
  test("WebSocketConnection stops reading at the limit, and restarts below half of it", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { maxQueue: 4 },
    });
    for (let i = 0; i < 4; i++) socket.receive(textFrame(`${i}`));
    assert.equal(socket.isPaused, false, "reads ahead, so that a FIN is seen");
    socket.receive(readAhead);
    assert.equal(socket.isPaused, true);
    await puppet.receive();
    assert.equal(socket.isPaused, true);
    await puppet.receive();
    assert.equal(socket.isPaused, false);
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, ["2", "3", READ_AHEAD]);
  });

  test("WebSocketConnection delivers everything that one read brought past the limit, in order", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { maxQueue: 2 },
    });
    const messages = Array.from({ length: 50 }, (_, i) => `message ${i}`);
    socket.receive(messages.map((m) => latin1(textFrame(m))).join(""));
    socket.receive(readAhead);
    messages.push(READ_AHEAD);
    assert.equal(socket.isPaused, true);
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, messages);
    assert.equal(socket.isPaused, false);
  });

  test("WebSocketConnection serves a queue of one with an application that never waits for connect", async () => {
    const { harness, socket, puppet } = await connecting({
      websocket: { maxQueue: 1 },
    });
    await puppet.send({ type: "websocket.accept" });
    await harness.turn();
    socket.receive(textFrame("a"));
    socket.receive(textFrame("b"));
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, ["connect", "a", "b"]);
    assert.equal(socket.isPaused, false);
  });

  for (
    const [how, leave] of [
      ["by FIN", (socket: FakeSocket) => socket.fin()],
      [
        "by a reset",
        (socket: FakeSocket) => socket.close(new Error("ECONNRESET")),
      ],
    ] as const
  ) {
    test(`a peer that leaves ${how} behind a full queue is noticed, though the application sleeps`, async () => {
      const opened = await open();
      const { harness, socket, puppet } = opened;
      const { signal } = puppet.scope!.extensions.abort_signal;
      for (let i = 0; i < 33; i++) socket.receive(textFrame("0123456789"));
      await harness.turn();
      assert.equal(socket.isPaused, false);
      assert.equal(signal.aborted, false);
      leave(socket);
      await harness.turn();
      assert.equal(signal.aborted, true);
      assert.equal(socket.isClosed, true);
      assert.equal(harness.tracker.connections.size, 0);
    });
  }

  test("what came behind a full queue before the FIN is the application's, and the close frame with it", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { maxQueue: 2 },
    });
    for (let i = 0; i < 10; i++) socket.receive(textFrame(`${i}`));
    socket.receive(closeFrame(1001, "bye"));
    await harness.turn();
    socket.fin();
    await harness.turn();
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, [
      ...Array.from({ length: 10 }, (_, i) => `${i}`),
      "disconnect 1001 bye",
    ]);
    assert.deepEqual(harness.logger.at("error"), []);
  });

  test("what is read behind a FIN is bounded (memory)", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { maxQueue: 1 },
    });
    const large = binaryFrame(new Uint8Array(300_000));
    socket.receive(large);
    for (let i = 0; i < 6; i++) {
      socket.receive(binaryFrame(new Uint8Array(60_000)));
    }
    socket.fin();
    await harness.turn();
    puppet.listen();
    await harness.turn();
    const messages = puppet.events.filter((event) =>
      event.type === "websocket.receive"
    );
    assert.ok(messages.length <= 3, `${messages.length} messages`);
    assert.equal(puppet.heard.at(-1), "disconnect 1006");
  });

  test("WebSocketConnection stops reading at a size as well", async () => {
    const { harness, socket, puppet } = await open();
    const message = binaryFrame(new Uint8Array(100_000));
    socket.receive(message);
    socket.receive(message);
    socket.receive(message);
    assert.equal(socket.isPaused, false);
    socket.receive(message);
    assert.equal(socket.isPaused, true);
    puppet.listen();
    await harness.turn();
    assert.equal(puppet.heard.length, 4);
    assert.equal(socket.isPaused, false);
  });

  test("WebSocketConnection reads on for the close reply when the application closes (websocket:W-097)", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { maxQueue: 1 },
    });
    socket.receive(textFrame("a") /* fills the queue */);
    socket.receive(readAhead);
    assert.equal(socket.isPaused, true);
    await puppet.send({ type: "websocket.close" });
    assert.equal(socket.isPaused, false);
    socket.receive(textFrame("dropped"));
    socket.receive(closeFrame(1000));
    await harness.turn();
    assert.equal(socket.hasEnded, true);
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, ["a", "disconnect 1000"]);
  });
});

describe("messages out (websocket:W-059 to W-068)", () => {
  for (
    const [what, size] of [
      ["nothing", 0],
      ["what is written before its size is known", 41],
      ["a little more", 42],
      ["the longest short length", 125],
      ["the shortest of two octets", 126],
      ["the longest of two octets", 65_535],
      ["the shortest of eight octets", 65_536],
    ] as const
  ) {
    for (const text of [false, true]) {
      test(`WebSocketConnection frames ${what}: ${size} ${text ? "characters" : "octets"}`, async () => {
        const { harness, socket, puppet } = await open();
        const payload = (text ? "é" : "\xe9").repeat(size);
        void puppet.send(
          text
            ? { type: "websocket.send", text: payload }
            : { type: "websocket.send", bytes: bytesOf(payload) },
        );
        await harness.turn();
        const octets = text
          ? latin1(new TextEncoder().encode(payload))
          : payload;
        const { text: written } = socket;
        const read = readFrame(written)!;
        assert.equal(read.size, written.length);
        assert.equal(read.frame.kind, text ? "text" : "binary");
        assert.equal(read.frame.payload === octets, true);
      });
    }
  }

  test("WebSocketConnection sends the messages of one turn in one write", async () => {
    const { harness, socket, puppet } = await open();
    for (let i = 0; i < 10; i++) {
      await puppet.send({ type: "websocket.send", text: `${i}` });
    }
    await harness.turn();
    assert.equal(socket.writes.length, 1);
    assert.equal(frames(socket).length, 10);
  });

  test("WebSocketConnection makes a sender wait for a peer that does not read (wishes:R-008)", async () => {
    const { harness, socket, puppet } = await open();
    socket.takesWrites = false;
    let sent = 0;
    void (async () => {
      for (;;) {
        await puppet.send({
          type: "websocket.send",
          bytes: new Uint8Array(10_000),
        });
        sent++;
      }
    })();
    await harness.turn();
    assert.ok(sent < 10, `${sent} messages`);
    const before = sent;
    socket.drain();
    await harness.turn();
    assert.ok(sent > before);
  });

  for (
    const [way, leave] of [
      ["resets", (socket: FakeSocket) => socket.close(new Error("reset"))],
      ["closes", (socket: FakeSocket) => socket.receive(closeFrame(1001))],
      ["breaks the protocol", (socket: FakeSocket) => socket.receive(frame(3))],
      ["ends", (socket: FakeSocket) => socket.fin()],
    ] as const
  ) {
    test(`WebSocketConnection ends the wait of a sender whose peer ${way} (asgi:A-215, wishes:R-007)`, async () => {
      const { harness, socket, puppet } = await open();
      socket.takesWrites = false;
      const sent = puppet.send({
        type: "websocket.send",
        bytes: new Uint8Array(100_000),
      });
      await harness.turn();
      leave(socket);
      await assert.rejects(sent, { code: "ERR_TRICORN_CLIENT_DISCONNECTED" });
    });
  }

  test("WebSocketConnection ends the wait silently if it is told to (asgi:A-212)", async () => {
    const { harness, socket, puppet } = await open({
      settings: { raisesAfterDisconnect: false },
    });
    socket.takesWrites = false;
    const sent = puppet.send({
      type: "websocket.send",
      bytes: new Uint8Array(100_000),
    });
    await harness.turn();
    socket.close();
    await harness.turn();
    assert.equal(await sent, undefined);
  });

  test("WebSocketConnection lets its windows go with the connection", async () => {
    const puppet = new Puppet();
    const harness = harnessOf(puppet.app, {
      websocket: { deflate: { ...DEFLATE, keepsContext: true } },
    });
    const log: string[] = [];
    Object.assign(harness.context, {
      createDeflater: () => (log.push("deflater"), {
        deflate: (bytes: Uint8Array) => bytes,
        close: () => log.push("deflater closed"),
      }),
      createInflater: () => (log.push("inflater"), {
        inflate: (bytes: Uint8Array) => bytes,
        close: () => log.push("inflater closed"),
      }),
    });
    const socket = harness.connect();
    socket.receive(
      handshakeRequest("/", ["Sec-WebSocket-Extensions: permessage-deflate"]),
    );
    await harness.turn();
    await puppet.send({ type: "websocket.accept" });
    assert.deepEqual(log, []); // an idle WebSocket has none
    for (let i = 0; i < 2; i++) {
      await puppet.send({ type: "websocket.send", text: "x".repeat(100) });
      socket.receive(frame(2, "packed", { rsv: 4 }));
    }
    assert.deepEqual(log, ["deflater", "inflater"]);
    socket.close();
    await harness.turn();
    assert.deepEqual(log.slice(2), ["deflater closed", "inflater closed"]);
  });

  test("WebSocketConnection leaves the turn to others now and then (asgi:A-149)", async () => {
    const { harness, socket, puppet } = await open();
    let sent = 0;
    const endless = (async () => {
      for (;;) {
        await puppet.send({ type: "websocket.send", text: "x".repeat(1000) });
        sent++;
      }
    })();
    await Promise.resolve();
    await harness.turn();
    assert.ok(sent > 0 && sent < 5_000, `${sent} messages`);
    socket.close();
    await assert.rejects(endless, { code: "ERR_TRICORN_CLIENT_DISCONNECTED" });
  });

  test("WebSocketConnection compresses what is worth it and what it may (asgi:A-249)", async () => {
    const { harness, socket, puppet } = await open(
      { websocket: { deflate: DEFLATE } },
      ["Sec-WebSocket-Extensions: permessage-deflate"],
    );
    const text = "again and ".repeat(20);
    for (
      const [event, rsv1] of [
        [{ text }, true],
        [{ bytes: bytesOf(text) }, true],
        [{ text, compress: false }, false],
        [{ text: "short" }, false],
      ] as const
    ) {
      await puppet.send({ type: "websocket.send", ...event } as SendEvent);
      await harness.turn();
      const { frame } = readFrame(socket.takeText())!;
      assert.equal(frame.rsv1, rsv1);
      assert.equal(
        frame.payload.length < text.length,
        rsv1 || "text" in event && event.text === "short",
      );
    }
  });

  test("WebSocketConnection inflates what it is sent, each message its own", async () => {
    const { harness, socket, puppet } = await open(
      { websocket: { deflate: DEFLATE } },
      ["Sec-WebSocket-Extensions: permessage-deflate"],
    );
    const deflater = runtime.createDeflater(12, false);
    const pack = (text: string) =>
      new Uint8Array(deflater.deflate(bytesOf(text)));
    const texts = ["a".repeat(100), "b".repeat(100)];
    for (const text of texts) {
      socket.receive(frame(2, pack(text), { rsv: 4 }));
    }
    puppet.listen();
    await harness.turn();
    assert.deepEqual(puppet.heard, texts.map((t) => `bytes ${bytesOf(t)}`));
    deflater.close();
    // The windows of both directions go with the connection.
    socket.close();
    await harness.turn();
  });
});

describe("the closing handshake (RFC 6455 §7, asgi:A-142)", () => {
  test("WebSocketConnection waits for the reply to its close frame, then ends (websocket:W-069, W-070)", async () => {
    const opened = await open();
    const { harness, socket, puppet } = opened;
    puppet.listen();
    await puppet.send({
      type: "websocket.close",
      code: 4000,
      reason: "enough",
    });
    puppet.finish(); // websocket:W-072: the wait goes on
    await harness.turn();
    assert.deepEqual(frames(socket), ["close 4000 enough"]);
    assert.equal(socket.hasEnded, false);
    assert.deepEqual(puppet.heard, ["disconnect 4000 enough"]);
    socket.receive(textFrame("late")); // websocket:W-071
    socket.receive(pingFrame("late"));
    await harness.turn();
    assert.equal(socket.hasEnded, false);
    socket.receive(closeFrame(4000));
    await harness.turn();
    assert.equal(socket.text, "");
    assert.equal(socket.hasEnded, true);
    socket.receive(textFrame("later")); // websocket:W-084
    socket.close();
    await harness.turn();
    assertGone(opened);
    assert.deepEqual(harness.logger.at("warning"), []);
  });

  test("WebSocketConnection does not wait for ever for the reply", async () => {
    const opened = await open({ websocket: { closeMs: 10_000 } });
    const { harness, socket, puppet } = opened;
    await puppet.send({ type: "websocket.close" });
    puppet.finish();
    await harness.turn();
    harness.clock.advance(9_000);
    assert.equal(socket.isClosed, false);
    harness.clock.advance(1_500);
    await harness.turn();
    assert.equal(socket.isClosed, true);
    assertGone(opened);
  });

  test("WebSocketConnection holds to that limit though a ping was under way", async () => {
    const { harness, socket, puppet } = await open({
      websocket: {
        pingIntervalMs: 1_000,
        pingTimeoutMs: Infinity,
        closeMs: 10_000,
        maxQueue: 1,
      },
    });
    harness.clock.advance(1_500);
    await harness.turn();
    const { payload } = readFrame(socket.takeText())!.frame;
    socket.receive(textFrame("fills the queue"));
    socket.receive(readAhead);
    assert.equal(socket.isPaused, true);
    await puppet.send({ type: "websocket.close" });
    socket.receive(pongFrame(payload));
    await harness.turn();
    harness.clock.advance(10_500);
    assert.equal(socket.isClosed, true);
  });

  test("WebSocketConnection gives a slow peer the time to come to the close frame", async () => {
    const { harness, socket, puppet } = await open();
    socket.takesWrites = false;
    void puppet.send({
      type: "websocket.send",
      bytes: new Uint8Array(1_000_000),
    });
    await puppet.send({ type: "websocket.close" });
    await harness.turn();
    harness.clock.advance(10_500);
    assert.equal(socket.isClosed, false);
    socket.queuedBytes = 500_000; // half of it has left
    harness.clock.advance(30_500);
    assert.equal(socket.isClosed, false);
    harness.clock.advance(30_500); // and nothing more
    assert.equal(socket.isClosed, true);
  });

  for (
    const [what, sent, echo, heard] of [
      [
        "code and reason (websocket:W-076)",
        closeFrame(4321, "bye"),
        "close 4321 bye",
        "disconnect 4321 bye",
      ],
      [
        "an empty one (websocket:W-077)",
        closeFrame(),
        "close",
        "disconnect 1005",
      ],
      ["the usual", closeFrame(1000), "close 1000", "disconnect 1000"],
    ] as const
  ) {
    test(`WebSocketConnection echoes the peer's close frame: ${what}`, async () => {
      const opened = await open();
      const { harness, socket, puppet } = opened;
      puppet.listen();
      socket.receive(sent);
      await harness.turn();
      assert.deepEqual(frames(socket), [echo]);
      assert.deepEqual(puppet.heard, [heard]);
      assert.equal(socket.hasEnded, true);
      socket.fin();
      await harness.turn();
      assert.equal(socket.isClosed, true);
      puppet.finish();
      await harness.turn();
      assertGone(opened);
    });
  }

  test("WebSocketConnection keeps what is on its way when the peer closes and ends at once", async () => {
    const { harness, socket, puppet } = await open();
    socket.takesWrites = false;
    await puppet.send({ type: "websocket.send", text: "the last word" });
    await harness.turn();
    socket.receive(closeFrame(1000));
    socket.fin();
    await harness.turn();
    assert.equal(socket.isClosed, false);
    assert.deepEqual(frames(socket), ["text the last word", "close 1000"]);
  });

  for (
    const [what, behind, ends, expected] of [
      ["a close", closeFrame(1000), false, ["text hi", "close 1000"]],
      [
        "a frame that breaks the protocol",
        frame(0x3, ""),
        false,
        ["text hi", "close 1002 unknown opcode"],
      ],
      ["a close and FIN", closeFrame(1000), true, ["close 1000"]],
    ] as const
  ) {
    test(`WebSocketConnection answers a message with ${what} right behind it by ${expected.join(", ")}`, async () => {
      const opened = await open();
      const { harness, socket, puppet } = opened;
      const returned = (async () => {
        const event = await puppet.receive() as { text: string };
        // Some steps of a framework lie in between.
        for (let step = 0; step < 5; step++) await undefined;
        await puppet.send({ type: "websocket.send", text: event.text });
        puppet.listen();
      })().catch(() => puppet.listen());
      socket.receive(new Uint8Array([...textFrame("hi"), ...behind]));
      if (ends) socket.fin();
      await harness.turn();
      await returned;
      assert.deepEqual(frames(socket), expected);
      const [, code] = /close (\d+)/.exec(expected.at(-1)!)!;
      assert.match(puppet.heard.at(-1)!, new RegExp(`^disconnect ${code}`));
      socket.fin();
      socket.close();
      puppet.finish();
      await harness.turn();
      assertGone(opened);
    });
  }

  test("WebSocketConnection closes by itself a socket that its peer leaves open", async () => {
    const { harness, socket } = await open();
    socket.receive(closeFrame(1000));
    harness.clock.advance(3_000);
    await harness.turn();
    assert.equal(socket.isClosed, true);
  });

  for (
    const [way, leave] of [
      ["resets", (socket: FakeSocket) => socket.close(new Error("reset"))],
      ["ends without a close frame", (socket: FakeSocket) => socket.fin()],
    ] as const
  ) {
    test(`WebSocketConnection tells 1006 of a peer that ${way} (websocket:W-079)`, async () => {
      const opened = await open();
      const { harness, socket, puppet } = opened;
      puppet.listen();
      socket.receive(textFrame("last"));
      leave(socket);
      await harness.turn();
      assert.deepEqual(puppet.heard, ["last", "disconnect 1006"]);
      puppet.finish();
      await harness.turn();
      assertGone(opened);
      assert.deepEqual(harness.logger.at("error"), []);
    });
  }

  test("WebSocketConnection cuts a long reason at a character (websocket:W-075, wishes:R-033)", async () => {
    const { socket, puppet } = await open();
    await puppet.send({
      type: "websocket.close",
      reason: "€".repeat(100),
    });
    const { payload } = readFrame(socket.text)!.frame;
    assert.equal(payload.length, 2 + 123);
    assert.equal(
      new TextDecoder().decode(bytesOf(payload.slice(2))),
      "€".repeat(41),
    );
  });

  for (
    const [what, end, code] of [
      ["returns (asgi:A-144)", (p: Puppet) => p.finish(), 1000],
      [
        "throws (asgi:A-145)",
        (p: Puppet) => p.fail(new Error("boom")),
        1011,
      ],
    ] as const
  ) {
    test(`WebSocketConnection closes with ${code} when the application ${what}`, async () => {
      const opened = await open();
      const { harness, socket, puppet } = opened;
      end(puppet);
      await harness.turn();
      assert.deepEqual(frames(socket), [`close ${code}`]);
      assert.equal(socket.hasEnded, false); // the handshake is seen through
      socket.receive(closeFrame(code));
      await harness.turn();
      socket.close();
      await harness.turn();
      assertGone(opened);
    });
  }

  test("WebSocketConnection keeps an application in mind that outlives its peer (websocket:W-083)", async () => {
    const { harness, socket, puppet } = await open();
    socket.close();
    await harness.turn();
    assert.equal(harness.tracker.connections.size, 0);
    assert.equal(harness.tracker.detachedCalls.size, 1);
    assert.equal(harness.tracker.runningCalls, 1);
    puppet.finish();
    await harness.turn();
    assert.equal(harness.tracker.detachedCalls.size, 0);
    assert.equal(harness.tracker.runningCalls, 0);
  });
});

describe("pings (websocket:W-056, W-086 to W-094, options:O-037, O-038)", () => {
  const PINGS = { pingIntervalMs: 20_000, pingTimeoutMs: 10_000 };

  function pingOf(socket: FakeSocket): string {
    const { frame, size } = readFrame(socket.text)!;
    assert.equal(frame.kind, "ping");
    assert.equal(frame.payload.length, 4);
    assert.equal(size, socket.takeText().length);
    return frame.payload;
  }

  /** Payload of the last of one or more pings. */
  function lastPingOf(socket: FakeSocket): string {
    let text = socket.takeText();
    let payload: string | undefined;
    while (text !== "") {
      const { frame, size } = readFrame(text)!;
      assert.equal(frame.kind, "ping");
      payload = frame.payload;
      text = text.slice(size);
    }
    assert.ok(payload !== undefined, "no ping was sent");
    return payload;
  }

  test("WebSocketConnection answers a ping though the application is busy (websocket:W-056)", async () => {
    const { harness, socket } = await open();
    socket.receive(pingFrame("abc"));
    await harness.turn();
    assert.deepEqual(frames(socket), ["pong abc"]);
  });

  test("WebSocketConnection sends none if it is told not to (websocket:W-091)", async () => {
    const { harness, socket } = await open();
    harness.clock.advance(3_600_000);
    await harness.turn();
    assert.equal(socket.text, "");
    assert.equal(socket.isClosed, false);
  });

  test("WebSocketConnection pings at its rhythm while pongs come (websocket:W-086, W-087)", async () => {
    const { harness, socket } = await open({ websocket: PINGS });
    const seen = new Set<string>();
    harness.clock.advance(19_000);
    assert.equal(socket.text, "");
    harness.clock.advance(1_500);
    for (let i = 0; i < 5; i++) {
      const payload = pingOf(socket);
      seen.add(payload);
      harness.clock.advance(5_000); // a slow round trip delays no ping
      socket.receive(pongFrame(payload));
      harness.clock.advance(15_000);
    }
    await harness.turn();
    assert.equal(seen.size, 5);
    assert.equal(socket.hasEnded, false);
  });

  for (
    const [what, answer] of [
      ["nothing", () => undefined],
      ["another pong (websocket:W-088)", () => pongFrame("else")],
      [
        "a pong that is too long",
        (payload: string) => pongFrame(payload + payload),
      ],
    ] as const
  ) {
    test(`WebSocketConnection closes with 1011 when ${what} answers (websocket:W-090)`, async () => {
      const opened = await open({ websocket: PINGS });
      const { harness, socket, puppet } = opened;
      harness.clock.advance(20_500);
      const payload = pingOf(socket);
      const bytes = answer(payload);
      if (bytes !== undefined) socket.receive(bytes);
      harness.clock.advance(9_000);
      assert.equal(socket.text, "");
      harness.clock.advance(1_500);
      await harness.turn();
      const [said] = frames(socket);
      assert.match(said, /^close 1011 keepalive ping timeout/);
      puppet.listen();
      await harness.turn();
      assert.match(puppet.heard.at(-1)!, /^disconnect 1011 keepalive/);
      // A peer that vanished is nobody's fault.
      assert.deepEqual(harness.logger.at("warning"), []);
      harness.clock.advance(3_000);
      puppet.finish();
      await harness.turn();
      assertGone(opened);
    });
  }

  test("a message that arrives for longer than a pong may take is read to its end (F-31c)", async () => {
    const opened = await open({ websocket: PINGS });
    const { harness, socket, puppet } = opened;
    puppet.listen();
    const bytes = frame(2, new Uint8Array(1_000));
    for (let at = 0; at < bytes.length; at += 100) {
      socket.receive(bytes.subarray(at, at + 100)); // a piece every 9 seconds
      harness.clock.advance(9_000);
      await harness.turn();
    }
    assert.equal(socket.hasEnded, false);
    assert.match(puppet.heard[0]!, /^bytes 0,0,0/);
    socket.receive(pongFrame(lastPingOf(socket)));
    harness.clock.advance(500); // the next one is long due
    socket.receive(pongFrame(pingOf(socket)));
    harness.clock.advance(19_000);
    await harness.turn();
    assert.equal(socket.hasEnded, false);
  });

  test("a message that stops arriving is no sign of life (F-31c, websocket:W-089)", async () => {
    const opened = await open({ websocket: PINGS });
    const { harness, socket } = opened;
    const bytes = frame(2, new Uint8Array(1_000));
    socket.receive(bytes.subarray(0, 100));
    harness.clock.advance(20_500);
    pingOf(socket);
    socket.receive(bytes.subarray(100, 200));
    harness.clock.advance(10_500);
    lastPingOf(socket);
    harness.clock.advance(10_500);
    await harness.turn();
    assert.match(frames(socket)[0]!, /^close 1011 keepalive ping timeout/);
  });

  test("WebSocketConnection ignores pongs that nobody asked for (websocket:W-057)", async () => {
    const { harness, socket, puppet } = await open({ websocket: PINGS });
    puppet.listen();
    socket.receive(pongFrame("early"));
    socket.receive(pongFrame());
    await harness.turn();
    assert.deepEqual(puppet.heard, []);
    assert.equal(socket.text, "");
  });

  test("WebSocketConnection pings on without a time limit (websocket:W-092)", async () => {
    const { harness, socket } = await open({
      websocket: { pingIntervalMs: 20_000, pingTimeoutMs: Infinity },
    });
    for (let i = 0; i < 3; i++) {
      harness.clock.advance(20_250);
      pingOf(socket);
    }
    assert.equal(socket.hasEnded, false);
  });

  test("WebSocketConnection does not close a peer whose pong it has not read (websocket:W-094, wishes:R-002)", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { ...PINGS, maxQueue: 2 },
    });
    for (let i = 0; i < 2; i++) socket.receive(textFrame(`${i}`));
    socket.receive(readAhead);
    assert.equal(socket.isPaused, true);
    harness.clock.advance(600_000); // the application takes its time
    assert.equal(socket.hasEnded, false);
    const payload = lastPingOf(socket); // one after the other: a reset shows by them alone
    puppet.listen();
    await harness.turn();
    assert.equal(socket.isPaused, false);
    harness.clock.advance(9_000);
    socket.receive(pongFrame(payload));
    harness.clock.advance(9_000);
    assert.equal(socket.hasEnded, false);
    // The pings go on, and so does the time limit for them.
    harness.clock.advance(30_000);
    await harness.turn();
    assert.match(frames(socket).at(-1)!, /^close 1011/);
  });

  test("WebSocketConnection finds a dead peer once it reads again", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { ...PINGS, maxQueue: 1 },
    });
    socket.receive(textFrame("full"));
    socket.receive(readAhead);
    harness.clock.advance(80_000);
    assert.equal(socket.hasEnded, false);
    lastPingOf(socket);
    puppet.listen();
    await harness.turn();
    harness.clock.advance(21_000); // once more, for what was read at last
    assert.match(frames(socket).at(-1)!, /^close 1011/);
  });

  test("WebSocketConnection finds a dead peer behind a full queue, while it still reads", async () => {
    const { harness, socket } = await open({
      websocket: { ...PINGS, maxQueue: 1 },
    });
    socket.receive(textFrame("full"));
    socket.receive(textFrame("more"));
    harness.clock.advance(20_500);
    pingOf(socket);
    harness.clock.advance(10_500);
    assert.equal(socket.hasEnded, true);
  });

  test("WebSocketConnection lets pongs wait behind a full queue for as long as they come", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { ...PINGS, maxQueue: 1 },
    });
    socket.receive(textFrame("full"));
    harness.clock.advance(20_500);
    for (let i = 0; i < 20; i++) {
      socket.receive(pongFrame(lastPingOf(socket)));
      harness.clock.advance(10_500);
      assert.equal(socket.hasEnded, false);
    }
    puppet.listen();
    await harness.turn();
    socket.receive(pongFrame(lastPingOf(socket)));
    harness.clock.advance(9_000);
    assert.equal(socket.hasEnded, false);
  });

  test("WebSocketConnection takes the pong that lay behind a full queue", async () => {
    const { harness, socket, puppet } = await open({
      websocket: { ...PINGS, maxQueue: 1 },
    });
    harness.clock.advance(20_500);
    const payload = pingOf(socket);
    socket.receive(latin1(textFrame("full")) + latin1(pongFrame(payload)));
    harness.clock.advance(5_000);
    await puppet.receive();
    await harness.turn();
    assert.equal(socket.hasEnded, false);
    harness.clock.advance(15_500); // no timeout runs: the next ping is due
    pingOf(socket);
  });

  test("WebSocketConnection finds a dead peer though it cannot get rid of its output", async () => {
    const opened = await open({
      websocket: PINGS,
      settings: { stallMs: 600_000 },
    });
    const { harness, socket, puppet } = opened;
    socket.takesWrites = false;
    const sent = puppet.send({
      type: "websocket.send",
      bytes: new Uint8Array(200_000),
    });
    await harness.turn();
    assert.equal(socket.isPaused, false); // what the peer says is heard all the same
    harness.clock.advance(120_000);
    await assert.rejects(sent, { close_code: 1011 });
    await harness.turn();
    assert.equal(socket.isClosed, true);
    puppet.finish();
    await harness.turn();
    assertGone(opened);
  });

  test("WebSocketConnection cuts off a peer that takes nothing of what is sent", async () => {
    const opened = await open({ settings: { stallMs: 10_000 } });
    const { harness, socket, puppet } = opened;
    socket.takesWrites = false;
    const sent = puppet.send({
      type: "websocket.send",
      bytes: new Uint8Array(200_000),
    });
    await harness.turn();
    harness.clock.advance(9_000);
    assert.equal(socket.isClosed, false);
    harness.clock.advance(2_000);
    await assert.rejects(sent, { close_code: 1006 });
    assert.equal(socket.isClosed, true);
    puppet.finish();
    await harness.turn();
    assertGone(opened);
  });

  test("WebSocketConnection waits longer for the pong of a peer that still reads what came before the ping", async () => {
    const { harness, socket, puppet } = await open({ websocket: PINGS });
    socket.takesWrites = false;
    void puppet.send({
      type: "websocket.send",
      bytes: new Uint8Array(1_000_000),
    });
    await harness.turn();
    for (let left = 900_000; left > 0; left -= 100_000) {
      harness.clock.advance(25_000);
      socket.queuedBytes = left;
    }
    assert.equal(socket.hasEnded, false);
  });

  test("WebSocketConnection holds one pong for a peer that floods pings and does not read", async () => {
    const { harness, socket, puppet } = await open();
    socket.takesWrites = false;
    void puppet.send({
      type: "websocket.send",
      bytes: new Uint8Array(100_000),
    });
    await harness.turn();
    socket.takeText();
    for (let i = 0; i < 10_000; i++) socket.receive(pingFrame(`${i}`));
    await harness.turn();
    assert.equal(socket.text, "");
    socket.takesWrites = true;
    socket.drain();
    await harness.turn();
    assert.deepEqual(frames(socket), ["pong 9999"]);
    socket.drain();
    await harness.turn();
    assert.equal(socket.text, "");
  });

  test("WebSocketConnection answers no ping behind its close frame (RFC 6455 §5.5.1)", async () => {
    const { harness, socket, puppet } = await open();
    socket.takesWrites = false;
    void puppet.send({
      type: "websocket.send",
      bytes: new Uint8Array(100_000),
    });
    await harness.turn();
    socket.receive(pingFrame("owed"));
    await puppet.send({ type: "websocket.close" });
    socket.takeText();
    socket.takesWrites = true;
    socket.drain();
    await harness.turn();
    assert.equal(socket.text, "");
  });
});

describe("shutdown (asgi:A-147, websocket:W-104 to W-107)", () => {
  function drain({ harness }: Opened): void {
    harness.tracker.startDraining();
    harness.drainSignal.raise();
    for (const one of harness.tracker.connections) one.drain();
  }

  test("WebSocketConnection closes with 1012 and ends (websocket:W-104)", async () => {
    const opened = await open();
    const { harness, socket, puppet } = opened;
    puppet.listen();
    drain(opened);
    await harness.turn();
    assert.deepEqual(frames(socket), ["close 1012"]);
    assert.equal(socket.hasEnded, true);
    assert.deepEqual(puppet.heard, ["disconnect 1012"]);
    await assert.rejects(puppet.send({ type: "websocket.send", text: "x" }), {
      close_code: 1012,
    });
    puppet.finish();
    socket.close();
    await harness.turn();
    assertGone(opened);
  });

  test("WebSocketConnection lets the application have its say first (asgi:A-245)", async () => {
    const opened = await open();
    const { harness, socket, puppet } = opened;
    puppet.scope!.extensions.drain_signal.signal.addEventListener(
      "abort",
      () => {
        void puppet.send({ type: "websocket.send", text: "back soon" });
        void puppet.send({ type: "websocket.close", code: 1001 });
      },
    );
    drain(opened);
    await harness.turn();
    assert.deepEqual(frames(socket), ["text back soon", "close 1001"]);
    socket.receive(closeFrame(1001));
    assert.equal(socket.hasEnded, true);
  });

  test("WebSocketConnection refuses a handshake that nobody has answered (websocket:W-105)", async () => {
    const opened = await connecting();
    const { harness, socket, puppet } = opened;
    puppet.listen();
    drain(opened);
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 503 [^]*connection: close/);
    assert.deepEqual(puppet.heard, ["connect", "disconnect 1006"]);
    await assert.rejects(puppet.send({ type: "websocket.accept" }), {
      code: "ERR_TRICORN_CLIENT_DISCONNECTED",
    });
  });

  test("WebSocketConnection lets a denial be finished", async () => {
    const opened = await connecting();
    const { harness, socket, puppet } = opened;
    await puppet.send({ type: "websocket.http.response.start", status: 404 });
    drain(opened);
    await harness.turn();
    assert.equal(socket.hasEnded, false);
    await puppet.send({ type: "websocket.http.response.body", body: "x" });
    await harness.turn();
    assert.equal(socket.hasEnded, true);
  });

  test("WebSocketConnection waits no longer for the reply to a close frame (websocket:W-073)", async () => {
    const opened = await open();
    await opened.puppet.send({ type: "websocket.close" });
    drain(opened);
    await opened.harness.turn();
    assert.equal(opened.socket.hasEnded, true);
  });

  for (const state of ["handshake", "open", "denying"] as const) {
    test(`WebSocketConnection ends at once when the time is over: ${state}`, async () => {
      const opened = state === "open" ? await open() : await connecting();
      const { harness, socket, puppet } = opened;
      if (state === "denying") {
        await puppet.send({
          type: "websocket.http.response.start",
          status: 404,
        });
      }
      const { signal } = puppet.scope!.extensions.abort_signal;
      const reason = new DOMException("over", "TimeoutError");
      for (const one of harness.tracker.connections) one.abort(reason);
      await harness.turn();
      assert.equal(socket.isClosed, true);
      assert.equal(signal.reason, reason);
      if (state === "open") {
        assert.deepEqual(frames(socket), ["close 1011"]);
      }
      puppet.finish();
      await harness.turn();
      assertGone(opened);
    });
  }
});
