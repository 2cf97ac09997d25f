import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter } from "../../src/bytes/byte_writer.ts";
import { emptyFacts } from "../../src/http/response_fields.ts";
import { writeFields } from "../../src/http1/field_writer.ts";
import {
  type ResponseFraming,
  writeChunkedEnd,
  writeChunkEnd,
  writeChunkLine,
  writeHeadEnd,
} from "../../src/http1/response_framing.ts";

/** One unit for each octet. */
function textOf(writer: ByteWriter): string {
  let text = "";
  for (let i = 0; i < writer.length; i++) {
    text += String.fromCharCode(writer.bytes[i]);
  }
  return text;
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0));
}

describe("writeHeadEnd()", () => {
  test("writes every length the same each time", () => {
    for (let round = 0; round < 2; round++) {
      for (let length = 0; length < 1_100; length++) {
        const out = new ByteWriter(8);
        writeHeadEnd(out, "length", length, emptyFacts(), "untold");
        assert.equal(textOf(out), `content-length: ${length}\r\n\r\n`);
      }
    }
  });

  for (
    const [behavior, framing, length, connection, persistence, expected] of [
      [
        "writes only the empty line without a body",
        "none",
        -1,
        "",
        "untold",
        "\r\n",
      ],
      [
        "writes a length without a body, for HEAD and 304",
        "none",
        5,
        "",
        "untold",
        "content-length: 5\r\n\r\n",
      ],
      [
        "writes content-length",
        "length",
        12,
        "",
        "untold",
        "content-length: 12\r\n\r\n",
      ],
      [
        "writes a length of 0",
        "length",
        0,
        "",
        "untold",
        "content-length: 0\r\n\r\n",
      ],
      [
        "writes chunked",
        "chunked",
        -1,
        "",
        "untold",
        "transfer-encoding: chunked\r\n\r\n",
      ],
      [
        "never writes a length beside chunked (wishes:R-015)",
        "chunked",
        5,
        "",
        "untold",
        "transfer-encoding: chunked\r\n\r\n",
      ],
      [
        "writes nothing for a body that ends at close",
        "untilClose",
        -1,
        "",
        "untold",
        "\r\n",
      ],
      [
        "adds connection: close",
        "length",
        1,
        "",
        "closes",
        "content-length: 1\r\nconnection: close\r\n\r\n",
      ],
      [
        "puts close in front of transfer-encoding (http:H-044)",
        "chunked",
        -1,
        "",
        "closes",
        "connection: close\r\ntransfer-encoding: chunked\r\n\r\n",
      ],
      [
        "does not double a close that was given (http:H-090)",
        "none",
        -1,
        "Foo, Close",
        "closes",
        "connection: Foo, Close\r\n\r\n",
      ],
      [
        "replaces keep-alive when it closes",
        "none",
        -1,
        "keep-alive",
        "closes",
        "connection: close\r\n\r\n",
      ],
      [
        "passes keep-alive through (http:H-091)",
        "none",
        -1,
        "keep-alive",
        "untold",
        "connection: keep-alive\r\n\r\n",
      ],
      [
        "tells HTTP/1.0 that it is kept",
        "length",
        5,
        "",
        "keeps",
        "content-length: 5\r\nconnection: keep-alive\r\n\r\n",
      ],
      [
        "does not double a keep-alive that was given",
        "length",
        5,
        "Keep-Alive",
        "keeps",
        "content-length: 5\r\nconnection: Keep-Alive\r\n\r\n",
      ],
      [
        "adds keep-alive to other options",
        "none",
        -1,
        "x-hop",
        "keeps",
        "connection: x-hop, keep-alive\r\n\r\n",
      ],
      [
        "keeps other options when it closes (F-31b)",
        "none",
        -1,
        "upgrade, keep-alive",
        "closes",
        "connection: upgrade, close\r\n\r\n",
      ],
      [
        "drops empty options",
        "none",
        -1,
        " , ,",
        "untold",
        "\r\n",
      ],
    ] as const
  ) {
    test(behavior, () => {
      const out = new ByteWriter(4);
      const facts = emptyFacts();
      if (connection !== "") {
        writeFields(out, [["connection", connection]], facts);
      }
      writeHeadEnd(out, framing as ResponseFraming, length, facts, persistence);
      assert.equal(textOf(out), expected);
    });
  }

  for (
    const [persistence, connection, expected] of [
      ["untold", undefined, "upgrade"],
      ["closes", undefined, "upgrade, close"],
      ["keeps", undefined, "upgrade, keep-alive"],
      ["closes", "close", "close, upgrade"],
      ["untold", "Upgrade", "Upgrade"],
      ["closes", "Upgrade", "Upgrade, close"],
    ] as const
  ) {
    test(`names an upgrade field beside ${persistence} and ${connection} (F-31b, RFC 9110 §7.8)`, () => {
      const out = new ByteWriter(4);
      const facts = emptyFacts();
      const fields: [string, string][] = [["Upgrade", "websocket"]];
      if (connection !== undefined) fields.push(["connection", connection]);
      assert.equal(writeFields(out, fields, facts), undefined);
      writeHeadEnd(out, "length", 0, facts, persistence);
      assert.equal(
        textOf(out),
        `upgrade: websocket\r\ncontent-length: 0\r\nconnection: ${expected}\r\n\r\n`,
      );
    });
  }
});

describe("chunks (RFC 9112 §7.1)", () => {
  for (
    const [size, line] of [[1, "1"], [15, "f"], [16, "10"], [
      65_536,
      "10000",
    ]] as const
  ) {
    test(`writeChunkLine() tells ${size} as ${line}`, () => {
      const out = new ByteWriter(1);
      writeChunkLine(out, size);
      assert.equal(textOf(out), `${line}\r\n`);
    });
  }

  test("writeChunkEnd() writes CRLF", () => {
    const out = new ByteWriter(1);
    writeChunkEnd(out);
    assert.equal(textOf(out), "\r\n");
  });

  test("writeChunkedEnd() writes the last chunk", () => {
    const out = new ByteWriter(1);
    writeChunkedEnd(out, undefined);
    assert.equal(textOf(out), "0\r\n\r\n");
  });

  test("writeChunkedEnd() puts trailers between the last chunk and the end", () => {
    const out = new ByteWriter(1);
    writeChunkedEnd(out, bytes("x-a: 1\r\nx-b: 2\r\n"));
    assert.equal(textOf(out), "0\r\nx-a: 1\r\nx-b: 2\r\n\r\n");
  });
});
