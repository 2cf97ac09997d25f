import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type {
  HeaderInput,
  HttpResponsePathSendEvent,
} from "../../../src/asgi.ts";
import { DefaultHeaders } from "../../../src/connection/output/default_headers.ts";
import {
  checkPathSend,
  sendFile,
} from "../../../src/connection/exchange/file_sender.ts";
import { RESOLVED } from "../../../src/connection/output/write_gate.ts";
import {
  OutputBuffer,
  WriterPool,
} from "../../../src/connection/output/output_buffer.ts";
import {
  Http1Response,
  type RequestFacts,
} from "../../../src/connection/http1/http1_response.ts";
import {
  ClientDisconnected,
  UnexpectedEventError,
} from "../../../src/errors.ts";
import { FakeFile } from "../../_support/fake_file.ts";
import { FakeSocket, latin1Text } from "../../_support/fake_socket.ts";

const GET: RequestFacts = {
  method: "GET",
  version: "1.1",
  acceptsTrailers: false,
};

function event(fields: object = {}): HttpResponsePathSendEvent {
  return { type: "http.response.pathsend", path: "/file", ...fields };
}

interface SetUp {
  readonly request?: RequestFacts;
  readonly status?: number;
  readonly headers?: HeaderInput;
}

/** A response whose head is open, and a host that opens `file`. */
function setUp(
  file: FakeFile | Error,
  { request = GET, status = 200, headers = [] }: SetUp = {},
) {
  const socket = new FakeSocket();
  const out = new OutputBuffer(socket, new WriterPool());
  const stream = new Http1Response(
    out,
    new DefaultHeaders({ date: false, server: undefined, headers: [] }),
    { decideClose: (isNeeded) => isNeeded },
  );
  stream.begin(request);
  stream.start(status, headers, false);
  const world = {
    opened: [] as string[],
    written: [] as number[],
    gone: undefined as Error | undefined,
  };
  const host = {
    openFile: async (path: string) => {
      world.opened.push(path);
      await null;
      if (file instanceof Error) throw file;
      return file;
    },
    afterWrite: (bytes: number) => {
      world.written.push(bytes);
      return RESOLVED;
    },
    hasSentAll: () => socket.queuedBytes === 0,
    checkGone: () => {
      if (world.gone !== undefined) throw world.gone;
    },
  };
  return {
    stream,
    host,
    world,
    socket,
    text: () => {
      out.flush();
      return socket.takeText();
    },
  };
}

describe("checkPathSend()", () => {
  for (
    const [fields, isRight] of [
      [{ path: "/a" }, true],
      [{ path: "C:\\a" }, true],
      [{ path: "c:/a" }, true],
      [{ path: "\\\\server\\share\\a" }, true],
      [{ path: "a" }, false],
      [{ path: "./a" }, false],
      [{ path: "" }, false],
      [{ path: "C:a" }, false],
      [{ path: "file:///a" }, false],
      [{ path: undefined }, false],
      [{ path: null }, false],
      [{ path: 1 }, false],
      [{ path: new URL("file:///a") }, false],
      [{ offset: 0 }, true],
      [{ offset: undefined }, true],
      [{ offset: 2 ** 53 - 1 }, true],
      [{ offset: 2 ** 53 }, false],
      [{ offset: -1 }, false],
      [{ offset: 0.5 }, false],
      [{ offset: NaN }, false],
      [{ offset: "0" }, false],
      [{ offset: null }, false],
      [{ offset: 1n }, false],
      [{ count: 0 }, true],
      [{ count: undefined }, true],
      [{ count: -1 }, false],
      [{ count: Infinity }, false],
      [{ count: null }, false],
      [{ count: "1" }, false],
    ] as const
  ) {
    const shown = Object.entries(fields).map(([key, value]) =>
      `${key} = ${String(value)}`
    );
    test(`${isRight ? "takes" : "refuses"} ${shown} (asgi:A-188, A-209)`, () => {
      const problem = checkPathSend(event(fields));
      assert.equal(problem === undefined, isRight);
    });
  }
});

describe("sendFile()", () => {
  const BYTES = "0123456789";
  for (
    const [behavior, fields, headers, expected] of [
      [
        "sends a whole file and adds its size (asgi:A-186)",
        {},
        [],
        `content-length: 10\r\n\r\n${BYTES}`,
      ],
      [
        "keeps the length given",
        {},
        [["content-length", "10"]],
        `content-length: 10\r\n\r\n${BYTES}`,
      ],
      ["sends no more than the length given (asgi:A-189)", {}, [[
        "content-length",
        "4",
      ]], "content-length: 4\r\n\r\n0123"],
      [
        "begins at offset (asgi:A-248)",
        { offset: 7 },
        [],
        "content-length: 3\r\n\r\n789",
      ],
      ["sends count bytes", { count: 4 }, [], "content-length: 4\r\n\r\n0123"],
      [
        "sends a range",
        { offset: 2, count: 3 },
        [],
        "content-length: 3\r\n\r\n234",
      ],
      [
        "stops at the end of the file",
        { offset: 8, count: 99 },
        [],
        "content-length: 2\r\n\r\n89",
      ],
      [
        "sends nothing from the end on",
        { offset: 10 },
        [],
        "content-length: 0\r\n\r\n",
      ],
      [
        "sends nothing from past the end",
        { offset: 11, count: 1 },
        [],
        "content-length: 0\r\n\r\n",
      ],
      [
        "sends nothing from past the end, as promised",
        { offset: 11 },
        [["content-length", "0"]],
        "content-length: 0\r\n\r\n",
      ],
      [
        "sends nothing for count 0",
        { count: 0 },
        [],
        "content-length: 0\r\n\r\n",
      ],
      [
        "chunks when asked to",
        {},
        [["transfer-encoding", "chunked"]],
        `transfer-encoding: chunked\r\n\r\na\r\n${BYTES}\r\n0\r\n\r\n`,
      ],
      [
        "is not bound by a length that chunks overrule (http:H-054)",
        {},
        [["transfer-encoding", "chunked"], ["content-length", "4"]],
        `transfer-encoding: chunked\r\n\r\na\r\n${BYTES}\r\n0\r\n\r\n`,
      ],
    ] as const
  ) {
    test(behavior, async () => {
      const file = new FakeFile(BYTES);
      const { stream, host, text, world } = setUp(file, { headers });
      await sendFile(event(fields), stream, host);
      assert.equal(text(), `HTTP/1.1 200 OK\r\n${expected}`);
      assert.equal(file.closes, 1);
      assert.deepEqual(world.opened, ["/file"]);
    });
  }

  test("sends an empty file", async () => {
    const { stream, host, text } = setUp(new FakeFile(""));
    await sendFile(event(), stream, host);
    assert.equal(text(), "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  });

  test("goes on where a read came up short", async () => {
    const file = new FakeFile(BYTES, { readLimit: 4 });
    const { stream, host, text, world } = setUp(file);
    await sendFile(event(), stream, host);
    assert.equal(
      text(),
      `HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n${BYTES}`,
    );
    assert.deepEqual(file.reads.map(([position]) => position), [0, 4, 8]);
    assert.deepEqual(world.written, [4, 4, 2]);
  });

  test("reads a large file piece by piece", async () => {
    const content = new Uint8Array(300 * 1024).map((_, i) => i * 7);
    const file = new FakeFile(content);
    const { stream, host, text } = setUp(file);
    await sendFile(event(), stream, host);
    assert.deepEqual(file.reads.map(([, size]) => size), [
      131072,
      131072,
      45056,
    ]);
    assert.equal(text().slice(-content.length), latin1Text(content));
  });

  test("reads into the same memory again once it has left", async () => {
    const file = new FakeFile(new Uint8Array(300 * 1024));
    const { stream, host } = setUp(file);
    await sendFile(event(), stream, host);
    assert.equal(file.memory.length, 3);
    assert.equal(new Set(file.memory).size, 1);
  });

  test("touches nothing that the socket still holds", async () => {
    const files = [1, 2].map((octet) =>
      new FakeFile(new Uint8Array(400 * 1024).fill(octet))
    );
    const first = setUp(files[0]);
    first.socket.takesWrites = false;
    await sendFile(event(), first.stream, first.host);
    const second = setUp(files[1]);
    await sendFile(event(), second.stream, second.host);
    assert.equal(new Set(files[0].memory).size, 4);
    const isShared = files[1].memory.some((memory) =>
      files[0].memory.includes(memory)
    );
    assert.equal(isShared, false);
    first.socket.drain(); // compares what was held with what it was
  });

  test("takes memory back that had to wait", async () => {
    const file = new FakeFile(new Uint8Array(600 * 1024));
    const { stream, host, socket } = setUp(file);
    socket.takesWrites = false;
    const piecesUntilDrained = 2;
    await sendFile(event(), stream, {
      ...host,
      afterWrite: () => {
        if (file.reads.length % piecesUntilDrained === 0) socket.drain();
        return RESOLVED;
      },
    });
    assert.equal(file.reads.length, 5);
    assert.equal(new Set(file.memory).size, piecesUntilDrained);
  });

  test("waits for the transport between two pieces (asgi:A-109)", async () => {
    const file = new FakeFile(new Uint8Array(200 * 1024));
    const { stream, host } = setUp(file);
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = sendFile(event(), stream, {
      ...host,
      afterWrite: () => promise,
    });
    for (let i = 0; i < 50; i++) await null;
    assert.equal(file.reads.length, 1);
    resolve();
    await done;
    assert.equal(file.reads.length, 2);
  });

  test("does not read the message again after the call", async () => {
    const changing = { ...event({ offset: 2, count: 3 }) } as Record<
      string,
      unknown
    >;
    const { stream, host, text } = setUp(new FakeFile(BYTES));
    const done = sendFile(
      changing as unknown as HttpResponsePathSendEvent,
      stream,
      host,
    );
    Object.assign(changing, { path: "/other", offset: 9, count: 9 });
    await done;
    assert.equal(text(), "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n234");
  });

  for (
    const [what, request, status] of [
      ["204", GET, 204],
      ["304", GET, 304],
      ["HEAD that is answered with 304", { ...GET, method: "HEAD" }, 304],
    ] as const
  ) {
    test(`opens no file for ${what}, and tells no size it does not know (asgi:A-190)`, async () => {
      const { stream, host, text, world } = setUp(new FakeFile(BYTES), {
        request,
        status,
      });
      await sendFile(event({ count: 99 }), stream, host);
      assert.deepEqual(world.opened, []);
      assert.match(text(), /^HTTP\/1\.1 \d+ [A-Za-z ]+\r\n\r\n$/);
    });
  }

  for (
    const [range, length] of [
      [{}, 10],
      [{ offset: 4 }, 6],
      [{ offset: 4, count: 3 }, 3],
      [{ count: 99 }, 10],
      [{ offset: 10 }, 0],
    ] as const
  ) {
    test(`tells HEAD the length of ${JSON.stringify(range)} without reading`, async () => {
      const file = new FakeFile(BYTES);
      const { stream, host, text } = setUp(file, {
        request: { ...GET, method: "HEAD" },
      });
      await sendFile(event(range), stream, host);
      assert.equal(
        text(),
        `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`,
      );
      assert.deepEqual(file.reads, []);
      assert.equal(file.closes, 1);
    });
  }

  test("lets HEAD of a missing file have another answer", async () => {
    const missing = Object.assign(new Error("no such file"), {
      code: "ENOENT",
    });
    const { stream, host, text } = setUp(missing, {
      request: { ...GET, method: "HEAD" },
    });
    await assert.rejects(sendFile(event(), stream, host), { code: "ENOENT" });
    assert.equal(stream.isHeadOpen, true);
    stream.retract();
    assert.equal(text(), "");
  });

  test("tells HEAD the length the application gave", async () => {
    const { stream, host, text } = setUp(new FakeFile(BYTES), {
      request: { ...GET, method: "HEAD" },
      headers: [["content-length", "10"]],
    });
    await sendFile(event(), stream, host);
    assert.equal(text(), "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n");
  });

  describe("leaves the head open, for another answer, when (asgi:A-187)", () => {
    const missing = Object.assign(new Error("no such file"), {
      code: "ENOENT",
    });
    const unreadable = Object.assign(new Error("is a directory"), {
      code: "EISDIR",
    });
    const throws = () => {
      throw unreadable;
    };
    for (
      const [what, make, headers, expected] of [
        [
          "the file is missing",
          () => missing,
          [],
          (error: unknown) => error === missing,
        ],
        [
          "the first read fails",
          () => new FakeFile(BYTES, { onRead: throws }),
          [],
          (error: unknown) => error === unreadable,
        ],
        [
          "the file was emptied meanwhile",
          () => new FakeFile("", { size: 10 }),
          [],
          /it became shorter/,
        ],
        ["the file is shorter than content-length", () => new FakeFile(BYTES), [
          ["content-length", "11"],
        ], UnexpectedEventError],
      ] as const
    ) {
      test(what, async () => {
        const file = make();
        const { stream, host, text } = setUp(file, { headers });
        await assert.rejects(
          sendFile(event(), stream, host),
          expected as RegExp,
        );
        assert.equal(stream.isHeadOpen, true);
        stream.retract();
        assert.equal(text(), "");
        if (file instanceof FakeFile) assert.equal(file.closes, 1);
      });
    }
  });

  test("ends with an error when the file shrinks while it is sent, and closes it (asgi:A-189)", async () => {
    const file = new FakeFile("12345", { size: 10 });
    const { stream, host, text } = setUp(file);
    await assert.rejects(sendFile(event(), stream, host), /it became shorter/);
    assert.equal(text(), "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345");
    assert.equal(file.closes, 1);
  });

  test("does not send what a file grew by", async () => {
    const file = new FakeFile(BYTES, { size: 4 });
    const { stream, host, text } = setUp(file);
    await sendFile(event(), stream, host);
    assert.equal(text(), "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n0123");
  });

  describe("stops and closes the file when the client leaves", () => {
    const gone = new ClientDisconnected();

    test("while it is opened", async () => {
      const file = new FakeFile(BYTES);
      const { stream, host, world } = setUp(file);
      const done = sendFile(event(), stream, host);
      world.gone = gone;
      await assert.rejects(done, gone);
      assert.deepEqual([file.closes, file.reads.length], [1, 0]);
    });

    test("while it is read", async () => {
      const file: FakeFile = new FakeFile(BYTES, {
        onRead: () => world.gone = gone,
      });
      const { stream, host, world, text } = setUp(file);
      await assert.rejects(sendFile(event(), stream, host), gone);
      assert.equal(file.closes, 1);
      stream.retract();
      assert.equal(text(), "");
    });

    test("while a piece waits for the transport", async () => {
      const file = new FakeFile(new Uint8Array(200 * 1024));
      const { stream, host } = setUp(file);
      const done = sendFile(event(), stream, {
        ...host,
        afterWrite: () => Promise.reject(gone),
      });
      await assert.rejects(done, gone);
      assert.deepEqual([file.closes, file.reads.length], [1, 1]);
    });
  });

  for (
    const [what, headers, expected] of [
      ["unframed", [], "a\r\n0123456789\r\n0\r\n\r\n"],
      ["with a length", [["content-length", "10"]], BYTES],
    ] as const
  ) {
    test(`sends only the body when the head left in an earlier turn, ${what} (asgi:A-076)`, async () => {
      const { stream, host, text } = setUp(new FakeFile(BYTES), { headers });
      stream.endHead(-1);
      text();
      await sendFile(event(), stream, host);
      assert.equal(text(), expected);
    });
  }
});
