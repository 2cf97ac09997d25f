import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DefaultHeaders } from "../../../src/connection/output/default_headers.ts";
import { writeHandshakeAnswer } from "../../../src/connection/http1/handshake_answer.ts";
import { ByteWriter } from "../../../src/bytes/byte_writer.ts";
import { latin1Text } from "../../_support/fake_socket.ts";

const defaults = new DefaultHeaders({
  date: false,
  server: "tricorn",
  headers: [],
});

function answer(
  headers: [string, string][],
  more: { subprotocol?: string; extensions?: string } = {},
): { text: string; problem: string | undefined } {
  const out = new ByteWriter(16);
  const problem = writeHandshakeAnswer(
    out,
    defaults,
    {
      accept: "digest=",
      subprotocol: more.subprotocol,
      extensions: more.extensions,
    },
    headers,
  );
  return { text: latin1Text(out.bytes.subarray(0, out.length)), problem };
}

const HEAD = "HTTP/1.1 101 Switching Protocols\r\nserver: tricorn\r\n" +
  "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: digest=\r\n";

describe("writeHandshakeAnswer()", () => {
  test("answers a plain handshake (websocket:W-008)", () => {
    assert.deepEqual(answer([]), { text: `${HEAD}\r\n`, problem: undefined });
  });

  test("names what was chosen and agreed on, the application's fields last", () => {
    const { text } = answer([["X-A", "b"]], {
      subprotocol: "chat",
      extensions: "permessage-deflate",
    });
    assert.equal(
      text,
      `${HEAD}sec-websocket-protocol: chat\r\n` +
        "sec-websocket-extensions: permessage-deflate\r\nx-a: b\r\n\r\n",
    );
  });

  test("leaves its own server away when the application brings one (asgi:A-107)", () => {
    const { text } = answer([["Server", "mine"]]);
    assert.equal(text.match(/server: /g)?.length, 1);
    assert.match(text, /\r\nserver: mine\r\n/);
  });

  for (
    const [name, value] of [
      ["Sec-WebSocket-Accept", "x"],
      ["sec-websocket-protocol", "x"],
      ["sec-websocket-extensions", "x"],
      ["Connection", "close"],
      ["upgrade", "h2c"],
      ["content-length", "0"],
      ["transfer-encoding", "chunked"],
      ["x", "a\r\nb: c"],
      ["bad name", "x"],
    ] as const
  ) {
    test(`refuses ${JSON.stringify(name)} and writes nothing (asgi:A-130)`, () => {
      const { text, problem } = answer([["x-a", "b"], [name, value]]);
      assert.equal(typeof problem, "string");
      assert.equal(text, "");
    });
  }
});
