import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ProxyHeaderConnection,
  type ProxyPrefaceHost,
} from "../../src/connection/proxy_header_connection.ts";
import { FakeSocket, latin1Text } from "../_support/fake_socket.ts";
import { answering, Harness } from "../_support/harness.ts";
import { proxyV2, tcp4, values } from "../_support/proxy_headers.ts";

const LINE = "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n";
const CLIENT = { kind: "tcp", host: "198.51.100.7", port: 56324 };
const REAL = { kind: "tcp", host: "127.0.0.1", port: 50123 };
const HEAD_MS = 5_000;

/** A socket that waits for its header, and what becomes of it, as text. */
function preface({ wantsFirstByte = false } = {}) {
  const harness = new Harness(answering("ok"), {
    settings: { headMs: HEAD_MS },
  });
  const events: string[] = [];
  let progress = 0;
  harness.tracker.observeProgress(() => progress++);
  const socket = new FakeSocket();
  const host: ProxyPrefaceHost = {
    wantsFirstByte,
    onHeader: (rest) => events.push(`header, then "${latin1Text(rest)}"`),
    onFault: (code) => events.push(code),
  };
  const reader = new ProxyHeaderConnection(socket, harness.context, host);
  socket.handler = reader;
  const { connections } = harness.tracker;
  return {
    harness,
    events,
    socket,
    reader,
    /** How often it was told that something has ended. */
    progress: () => progress,
    isTracked: () => [...connections].includes(reader),
  };
}

describe("ProxyHeaderConnection, a header that arrives", () => {
  test("gives the socket its addresses and hands over what follows", () => {
    const { socket, events, isTracked } = preface();
    socket.receive(`${LINE}GET /`);
    assert.deepEqual(events, ['header, then "GET /"']);
    assert.deepEqual(socket.remoteAddress, CLIENT);
    assert.deepEqual(socket.localAddress, {
      kind: "tcp",
      host: "192.0.2.1",
      port: 443,
    });
    assert.equal(isTracked(), false);
  });

  test("hands over at once when nothing follows", () => {
    const { socket, events } = preface();
    socket.receive(LINE);
    assert.deepEqual(events, ['header, then ""']);
  });

  test("leaves the real addresses to a proxy that speaks for itself", () => {
    const { socket, events } = preface();
    socket.receive(proxyV2({ command: 0, family: 0 }));
    assert.deepEqual(events, ['header, then ""']);
    assert.deepEqual(socket.remoteAddress, REAL);
  });

  const long = proxyV2({
    family: 0x11,
    body: values(
      tcp4("198.51.100.7", "192.0.2.1", 56324, 443),
      [0x04, new Uint8Array(4000)],
    ),
    checksum: true,
  });
  for (
    const [version, header] of [
      ["1", Uint8Array.from(LINE, (unit) => unit.charCodeAt(0))],
      ["2, with values,", long],
    ] as const
  ) {
    test(`of version ${version} is put together from single bytes`, () => {
      const { socket, events } = preface();
      for (const byte of header) socket.receive(Uint8Array.of(byte));
      assert.deepEqual(events, ['header, then ""']);
      assert.deepEqual(socket.remoteAddress, CLIENT);
    });

    test(`of version ${version} is put together at every cut, and ends where it ends`, () => {
      const step = Math.ceil(header.length / 100);
      for (let cut = 1; cut < header.length; cut += step) {
        const { socket, events } = preface();
        socket.receive(header.slice(0, cut));
        assert.deepEqual(events, []);
        socket.receive(Uint8Array.of(...header.slice(cut), 0x47, 0x45));
        assert.deepEqual(events, ['header, then "GE"'], `cut at ${cut}`);
      }
    });
  }

  test("is left alone once it is read: a second one is the client's", () => {
    const { socket, events } = preface();
    socket.receive(LINE + LINE);
    assert.deepEqual(events, [`header, then "${LINE}"`]);
    socket.receive(LINE.replace("198.51.100.7", "127.0.0.1"));
    assert.equal(events.length, 1);
    assert.deepEqual(socket.remoteAddress, CLIENT);
  });
});

describe("ProxyHeaderConnection, where a first byte is wanted", () => {
  test("waits for it, counted, and hands it over", () => {
    const { socket, events, isTracked } = preface({ wantsFirstByte: true });
    socket.receive(LINE);
    assert.deepEqual(events, []);
    assert.equal(isTracked(), true);
    socket.receive("\x16");
    assert.deepEqual(events, ['header, then "\x16"']);
    assert.equal(isTracked(), false);
  });

  test("does not wait where it came with the header", () => {
    const { socket, events } = preface({ wantsFirstByte: true });
    socket.receive(`${LINE}\x16`);
    assert.deepEqual(events, ['header, then "\x16"']);
  });

  test("waits no longer than for the header, and says nothing of it", () => {
    const { harness, socket, events } = preface({ wantsFirstByte: true });
    harness.clock.advance(HEAD_MS - 1_000);
    socket.receive(LINE);
    harness.clock.advance(2_000);
    assert.equal(socket.isClosed, true);
    assert.deepEqual(events, []);
  });
});

describe("ProxyHeaderConnection, a header that does not", () => {
  for (
    const [what, bytes, code] of [
      ["a request", "GET / HTTP/1.1\r\n\r\n", "NO_PROXY_HEADER"],
      ["a TLS handshake", "\x16\x03\x01", "NO_PROXY_HEADER"],
      [
        "a line without an end",
        "PROXY " + "x".repeat(200),
        "PROXY_LINE_TOO_LONG",
      ],
      ["a wrong line", "PROXY TCP4 a b 1 2\r\n", "BAD_PROXY_LINE"],
    ] as const
  ) {
    test(`is told and closed: ${what}`, async () => {
      const { harness, socket, events, isTracked } = preface();
      socket.receive(bytes);
      assert.deepEqual(events, [code]);
      assert.equal(socket.isClosed, true);
      assert.deepEqual(socket.remoteAddress, REAL);
      await harness.turn();
      assert.equal(isTracked(), false);
      assert.equal(socket.text, "");
    });
  }

  test("gets one deadline from connect on, whoever dribbles", () => {
    const { harness, socket, events } = preface();
    for (let ms = 0; ms < HEAD_MS; ms += 500) {
      socket.receive("PROXY UNKNOWN 1"[ms / 500]!);
      harness.clock.advance(500);
    }
    harness.clock.advance(1_000);
    assert.deepEqual(events, ["PROXY_HEADER_TIMEOUT"]);
    assert.equal(socket.isClosed, true);
  });

  test("is not missed of somebody who only connects", () => {
    const { socket, events } = preface();
    socket.fin();
    assert.equal(socket.isClosed, true);
    assert.deepEqual(events, []);
  });

  test("is told where the connection ends within it", () => {
    const { socket, events } = preface();
    socket.receive("PROXY TCP4");
    socket.fin();
    assert.deepEqual(events, ["PROXY_HEADER_CUT_OFF"]);
    assert.equal(socket.isClosed, true);
  });

  test("of somebody who is reset goes unsaid, and counts no more", async () => {
    const { harness, socket, events, isTracked, progress } = preface();
    socket.receive("PROXY TCP4");
    socket.close(new Error("reset"));
    await harness.turn();
    assert.deepEqual(events, []);
    assert.equal(isTracked(), false);
    assert.equal(progress(), 1);
  });
});

describe("ProxyHeaderConnection, while the server drains", () => {
  test("is a connection that is neither busy nor anybody's", () => {
    const { reader, isTracked } = preface();
    assert.equal(isTracked(), true);
    assert.equal(reader.isBusy, false);
    assert.equal(reader.isWebSocket, false);
    assert.equal(reader.clientHost, undefined);
  });

  test("gets a moment, and is closed in silence after it", async () => {
    const { harness, socket, events, reader, isTracked } = preface();
    reader.drain();
    harness.clock.advance(1_000);
    await harness.turn();
    assert.equal(socket.isClosed, true);
    assert.deepEqual(events, []);
    assert.equal(isTracked(), false);
  });

  test("takes a header that arrives in that moment", () => {
    const { socket, events, reader } = preface();
    reader.drain();
    socket.receive(LINE);
    assert.deepEqual(events, ['header, then ""']);
  });

  test("takes a header that had arrived when the moment was over", async () => {
    const { harness, socket, events, reader } = preface();
    reader.drain();
    harness.clock.block(1_000);
    socket.receive(LINE); // read later in the turn that was late
    await harness.turn();
    assert.deepEqual(events, ['header, then ""']);
    assert.equal(socket.isClosed, false);
  });

  test("does not give more time than there was", async () => {
    const { harness, socket, reader } = preface();
    harness.clock.advance(HEAD_MS);
    reader.drain();
    harness.clock.advance(250);
    await harness.turn();
    assert.equal(socket.isClosed, true);
  });

  test("is not held up by somebody who dribbles", async () => {
    const { harness, socket, reader } = preface();
    socket.receive("P");
    reader.drain();
    for (const byte of "ROXY ") {
      harness.clock.advance(200);
      socket.receive(byte);
    }
    await harness.turn();
    assert.equal(socket.isClosed, true);
  });

  for (const how of ["abort", "destroy"] as const) {
    test(`ends at once by ${how}()`, () => {
      const { socket, reader } = preface();
      reader[how]();
      assert.equal(socket.isClosed, true);
    });
  }
});
