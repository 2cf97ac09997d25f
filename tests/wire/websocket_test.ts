/** WebSockets on real sockets, frame by frame. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { constants, deflateRawSync } from "node:zlib";
import {
  bytesOf,
  type ClientTarget,
  exchange,
  latin1,
  pause,
  RawClient,
} from "../_support/raw_client.ts";
import { sharedServer, withServer } from "../_support/spawn_server.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import {
  binaryFrame,
  closeFrame,
  frame,
  handshakeRequest,
  pingFrame,
  pongFrame,
  SAMPLE_ACCEPT,
  textFrame,
} from "../_support/websocket_frames.ts";

const APP = "websocket:app";
const MIB = 1024 * 1024;
const shared = sharedServer({ app: APP });
let nextId = 0;

/** A path of its own, so that its lines can be told from others'. */
function route(path: string, query = ""): { id: string; path: string } {
  const id = `w${++nextId}`;
  return { id, path: `${path}?id=${id}${query === "" ? "" : `&${query}`}` };
}

const open = (path: string, fields: readonly string[] = [], more = "") =>
  FrameClient.connect(shared.server.target, path, fields, more);

/** What the application noted, once it noted something that matches. */
async function noted(
  server: { line: typeof shared.server.line },
  id: string,
  pattern: string,
): Promise<string> {
  const line = await server.line(
    "stdout",
    new RegExp(`^app ${id} ${pattern}`),
  );
  return line.slice(`app ${id} `.length);
}

describe("the handshake", () => {
  test("is answered with the accept key, default headers and the application's (websocket:W-008, W-013, asgi:A-128)", async () => {
    const client = await open("/echo?subprotocol=b", [
      "Sec-WebSocket-Protocol: a, b",
    ]);
    assert.equal(client.status, 101);
    assert.equal(client.header("sec-websocket-accept"), SAMPLE_ACCEPT);
    assert.equal(client.header("sec-websocket-protocol"), "b");
    assert.equal(client.header("sec-websocket-extensions"), undefined);
    assert.equal(client.header("server"), "tricorn");
    assert.equal(client.header("x-app"), "yes");
    assert.equal(client.head.match(/\r\ndate: /g)?.length, 1);
    client.close();
  });

  test("shows the application its scope (websocket:W-002 to W-005, asgi:A-115 to A-121, wishes:R-026)", async () => {
    const client = await open("/scope?a=%20b", [
      "Sec-WebSocket-Protocol: x, y",
      "X-Octets: \xff\xe9",
    ]);
    const { payload } = await client.next();
    const scope = JSON.parse(new TextDecoder().decode(bytesOf(payload)));
    assert.equal(scope.type, "websocket");
    assert.equal(scope.scheme, "ws");
    assert.equal(scope.http_version, "1.1");
    assert.equal(scope.path, "/scope");
    assert.equal(scope.query_string, "a=%20b");
    assert.deepEqual(scope.subprotocols, ["x", "y"]);
    assert.equal("method" in scope, false);
    assert.ok(scope.extensions.includes("websocket.http.response"));
    assert.ok(
      scope.headers.some(([name, value]: [string, string]) =>
        name === "x-octets" && value === "\xff\xe9"
      ),
    );
    client.close();
  });

  test("keeps frames that came with the request (wishes:R-003, websocket:W-024)", async () => {
    const client = await open("/echo", [], latin1(textFrame("early")));
    assert.equal(await client.said(), "text early");
    client.close();
  });

  test("works on a connection that carried requests before (websocket:W-026)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const first = await client.request("GET /a HTTP/1.1\r\nHost: t\r\n\r\n");
    assert.equal(first.body, "http /a");
    client.send(
      "GET /b HTTP/1.1\r\nHost: t\r\n\r\n" + handshakeRequest("/echo") +
        latin1(textFrame("hi")),
    );
    assert.equal((await client.readResponse()).body, "http /b");
    assert.equal((await client.readResponse()).status, 101);
    await client.readUntil("\x81\x02hi");
    client.close();
  });

  for (
    const [what, request, status, field] of [
      [
        "an old version",
        handshakeRequest().replace("Version: 13", "Version: 8"),
        426,
        ["sec-websocket-version", "13"],
      ],
      [
        "no key",
        handshakeRequest().replace(/Sec-WebSocket-Key: .*\r\n/, ""),
        400,
        undefined,
      ],
      [
        "POST",
        handshakeRequest().replace("GET", "POST"),
        405,
        ["allow", "GET"],
      ],
    ] as const
  ) {
    test(`is refused with ${status} for ${what} (asgi:A-122)`, async () => {
      const client = await RawClient.connect(shared.server.target);
      const answer = await client.request(request);
      assert.equal(answer.status, status);
      assert.equal(answer.header("server"), "tricorn");
      assert.notEqual(answer.header("date"), undefined);
      if (field !== undefined) assert.equal(answer.header(field[0]), field[1]);
      assert.equal(await client.ended(), "fin");
      client.close();
    });
  }

  test("is refused with 403 by a close (websocket:W-027)", async () => {
    const { id, path } = route("/refuse");
    const answer = await exchange(shared.server.target, handshakeRequest(path));
    assert.equal(answer.status, 403);
    assert.equal(answer.body, "");
    assert.equal(answer.header("connection"), "close");
    await noted(shared.server, id, "disconnect 1006");
  });

  test("is refused with a response that streams (websocket:W-028, W-029)", async () => {
    const { id, path } = route("/deny");
    const answer = await exchange(shared.server.target, handshakeRequest(path));
    assert.equal(answer.status, 401);
    assert.equal(answer.header("www-authenticate"), "Test");
    assert.deepEqual(answer.chunks, ["one ", "two ", "three"]);
    await noted(shared.server, id, "disconnect 1006");
    await shared.server.line(
      "stdout",
      new RegExp(`"WebSocket /deny\\?id=${id}" 401 Unauthorized$`),
    );
  });

  for (const way of ["reset", "close"] as const) {
    test(`tells the application of a client that does not wait: ${way} (websocket:W-023, wishes:R-028)`, async () => {
      const { id, path } = route("/silent");
      const client = await RawClient.connect(shared.server.target);
      await client.sendAll(handshakeRequest(path));
      await pause(50);
      client[way]();
      await noted(shared.server, id, "disconnect 1006");
    });
  }

  test("is in the access log, once (websocket:W-108)", async () => {
    const { id, path } = route("/wait");
    const client = await open(path);
    client.send(closeFrame(1000));
    await noted(shared.server, id, "disconnect 1000");
    const line = new RegExp(
      `127\\.0\\.0\\.1:\\d+ - "WebSocket /wait\\?id=${id}" \\[accepted\\]$`,
    );
    await shared.server.line("stdout", line);
    await client.rest();
    client.close();
    await exchange(shared.server.target, "GET / HTTP/1.1\r\nHost: t\r\n\r\n");
    assert.equal(
      shared.server.stdout.filter((text) => text.includes(`id=${id}"`)).length,
      1,
    );
  });

  test("is refused with 503 above the concurrency limit (websocket:W-015)", async () => {
    await withServer(
      { app: APP, args: ["--limit-concurrency", "1"] },
      async (server) => {
        const first = await FrameClient.connect(server.target, "/echo");
        assert.equal(first.status, 101);
        const second = await exchange(server.target, handshakeRequest("/echo"));
        assert.equal(second.status, 503);
        first.send(textFrame("still here"));
        assert.equal(await first.said(), "text still here");
        first.close();
      },
    );
  });

  test("is an ordinary request with --ws none (options:O-034)", async () => {
    await withServer({ app: APP, args: ["--ws", "none"] }, async (server) => {
      const answer = await exchange(server.target, handshakeRequest("/plain"));
      assert.equal(answer.body, "http /plain");
      await server.line("stderr", /Unsupported upgrade request\./);
      await server.line("stderr", /WebSockets are disabled/);
    });
  });
});

describe("messages", () => {
  for (
    const size of [0, 1, 125, 126, 65_535, 65_536, 200_000, MIB, 16 * MIB]
  ) {
    test(`of ${size} octets come back whole`, async () => {
      const client = await open("/echo");
      const payload = new Uint8Array(size);
      for (let i = 0; i < size; i += 101) payload[i] = i;
      client.send(binaryFrame(payload));
      const read = await client.next();
      assert.equal(read.kind, "binary");
      assert.ok(read.payload === latin1(payload));
      client.close();
    });
  }

  test("of text cut inside a character come back whole", async () => {
    const client = await open("/echo");
    const bytes = new TextEncoder().encode("smile 😀 €");
    for (let i = 0; i < bytes.length; i++) {
      await client.sendAll(
        frame(i === 0 ? 1 : 0, bytes.subarray(i, i + 1), {
          fin: i === bytes.length - 1,
        }),
      );
    }
    assert.equal(await client.said(), `text ${latin1(bytes)}`);
    client.close();
  });

  for (
    const [what, sent, code] of [
      [
        "one byte too large (websocket:W-047, options:O-035)",
        frame(2, "", { announced: 16 * MIB + 1 }),
        1009,
      ],
      ["with text that is no UTF-8", frame(1, "\xc3("), 1007],
      ["without a mask", frame(1, "a", { key: undefined }), 1002],
      ["of an unknown kind", frame(3), 1002],
    ] as const
  ) {
    test(`${what} are answered with ${code}`, async () => {
      const { id, path } = route("/wait");
      const client = await open(path);
      client.send(sent);
      assert.match(await client.said(), new RegExp(`^close ${code} .`));
      assert.equal(await client.rest(), "");
      client.close();
      await noted(shared.server, id, `disconnect ${code} .`);
    });
  }
});

describe("flow control", () => {
  test("makes a sender wait for a client that does not read (wishes:R-008)", async () => {
    const { id, path } = route("/flood", "count=400&size=100000");
    const client = await open(path);
    client.pause();
    await noted(shared.server, id, "sent 10");
    await pause(300);
    const sent = () =>
      shared.server.stdout.filter((line) => line.startsWith(`app ${id} sent`))
        .length * 10;
    const before = sent();
    await pause(300);
    assert.ok(before < 400, `${before} messages sent into nothing`);
    assert.equal(sent(), before);
    client.resume();
    for (let i = 0; i < 400; i++) {
      let { kind, payload } = await client.next();
      // A machine that takes 20 s for this is pinged in between.
      if (kind === "ping") ({ kind, payload } = await client.next());
      assert.equal(kind, "binary");
      assert.equal(payload.length, 100_000);
      const number = payload.charCodeAt(2) * 256 + payload.charCodeAt(3);
      assert.equal(number, i);
    }
    assert.equal(await client.said(), "close 1000");
    client.send(closeFrame(1000));
    await client.rest();
    client.close();
  });

  test("makes a client wait for an application that does not receive (asgi:A-148)", async () => {
    await withServer(
      { app: APP, args: ["--ws-max-queue", "4"] },
      async (server) => {
        const { id, path } = route("/slow", "pause=2");
        const client = await FrameClient.connect(server.target, path);
        const message = binaryFrame(new Uint8Array(60_000));
        const count = 200;
        for (let i = 0; i < count; i++) client.send(message);
        await pause(100);
        assert.ok(client.unsentBytes > 0);
        client.send(closeFrame(1000));
        assert.equal(await client.said(), "close 1000");
        await noted(server, id, `took ${count}$`);
        client.close();
      },
    );
  });

  test("does not take a slow application for a dead client (wishes:R-002)", async () => {
    await withServer(
      {
        app: APP,
        args: [
          "--ws-max-queue",
          "1",
          "--ws-ping-interval",
          "0.3",
          "--ws-ping-timeout",
          "0.5",
        ],
      },
      async (server) => {
        const { id, path } = route("/slow", "pause=1500");
        const client = await FrameClient.connect(server.target, path);
        for (let i = 0; i < 3; i++) client.send(textFrame(`${i}`));
        const ponging = (async () => {
          for (;;) {
            const { kind, payload } = await client.next();
            if (kind === "close") return payload;
            if (kind === "ping") client.send(pongFrame(payload));
          }
        })();
        await pause(4_000);
        client.send(closeFrame(1000));
        await noted(server, id, "took 3");
        assert.equal(await ponging, "\x03\xe8");
        client.close();
      },
    );
  });
});

describe("--ws-max-inflate-ratio", () => {
  const zeros = deflateRawSync(new Uint8Array(5_000_000), {
    finishFlush: constants.Z_SYNC_FLUSH,
  }).subarray(0, -4);
  const send = async (target: ClientTarget, path: string) => {
    const client = await FrameClient.connect(target, path, [
      "Sec-WebSocket-Extensions: permessage-deflate",
    ]);
    client.send(frame(2, new Uint8Array(zeros), { rsv: 4 }));
    client.send(closeFrame(1000));
    return client;
  };

  test("refuses what inflates too much, and names itself", async () => {
    const from = shared.server.stderr.length;
    const client = await send(shared.server.target, "/slow?pause=1");
    assert.match(await client.said(), /^close 1009 /);
    client.close();
    await shared.server.line(
      "stderr",
      /WARNING: .*WebSocket closed with 1009 for 127\.0\.0\.1:\d+: message inflates to more than 200 times its size \(--ws-max-inflate-ratio\)$/,
      from,
    );
  });

  for (const ratio of ["0", "2000"]) {
    test(`of ${ratio} takes it`, async () => {
      await withServer(
        { app: APP, args: ["--ws-max-inflate-ratio", ratio] },
        async (server) => {
          const { id, path } = route("/slow", "pause=1");
          const client = await send(server.target, path);
          await noted(server, id, "took 1");
          client.close();
        },
      );
    });
  }
});

describe("pings", () => {
  test("are answered while the application is busy (websocket:W-056)", async () => {
    const client = await open("/slow?pause=60000");
    client.send(pingFrame("payload"));
    assert.equal(await client.said(), "pong payload");
    client.close();
  });

  test("find a client that has gone silent (websocket:W-090)", async () => {
    await withServer(
      {
        app: APP,
        args: ["--ws-ping-interval", "0.2", "--ws-ping-timeout", "0.5"],
      },
      async (server) => {
        const { id, path } = route("/wait");
        const client = await FrameClient.connect(server.target, path);
        const ping = await client.next();
        assert.equal(ping.kind, "ping");
        client.send(pongFrame(ping.payload));
        assert.equal((await client.next()).kind, "ping");
        assert.match(await client.said(), /^close 1011 keepalive ping timeout/);
        await noted(server, id, "disconnect 1011 keepalive");
        client.close();
      },
    );
  });
});

describe("closing", () => {
  for (const [code, reason] of [[1000, ""], [1013, "later"], [4999, "é"]]) {
    test(`by the application with ${code} is seen through (websocket:W-069, W-070)`, async () => {
      const { id, path } = route("/close", `code=${code}&reason=${reason}`);
      const client = await open(encodeURI(path));
      const shown = latin1(new TextEncoder().encode(`${reason}`));
      assert.equal(
        await client.said(),
        `close ${code} ${shown}`.trimEnd(),
      );
      client.send(textFrame("late"));
      await pause(50);
      assert.equal(client.isEnded, false);
      client.send(closeFrame(code as number));
      assert.equal(await client.rest(), "");
      client.close();
      await noted(shared.server, id, `disconnect ${code}`);
    });
  }

  for (
    const [sent, echo, heard] of [
      [closeFrame(1000, "bye"), "close 1000 bye", "disconnect 1000 bye"],
      [closeFrame(3333), "close 3333", "disconnect 3333"],
      [closeFrame(), "close", "disconnect 1005"],
    ] as const
  ) {
    test(`by the client is answered: ${echo} (websocket:W-076, W-077, asgi:A-126)`, async () => {
      const { id, path } = route("/wait");
      const client = await open(path);
      client.send(sent);
      assert.equal(await client.said(), echo);
      assert.equal(await client.rest(), "");
      client.close();
      await noted(shared.server, id, `${heard}$`);
    });
  }

  for (const way of ["reset", "close", "end"] as const) {
    test(`without a close frame is 1006: ${way} (websocket:W-079, asgi:A-126)`, async () => {
      const { id, path } = route("/wait");
      const client = await open(path);
      client[way]();
      await noted(shared.server, id, "disconnect 1006$");
      client.close();
    });
  }

  for (
    const [path, said] of [
      ["/return", "close 1000"],
      ["/throw", "close 1011"],
      ["/close?code=1005", "close 1011"],
    ] as const
  ) {
    test(`is the end of ${path}: ${said} (asgi:A-144, A-145)`, async () => {
      const client = await open(path);
      assert.equal(await client.said(), said);
      client.send(closeFrame(1000));
      await client.rest();
      client.close();
    });
  }
});

describe("shutdown (websocket:W-104 to W-106)", () => {
  test("closes with 1012, after the application's last words", async () => {
    await withServer({ app: APP }, async (server) => {
      const waiting = route("/wait");
      const goodbye = route("/goodbye");
      const silent = route("/silent");
      const first = await FrameClient.connect(server.target, waiting.path);
      const second = await FrameClient.connect(server.target, goodbye.path);
      const third = await RawClient.connect(server.target);
      third.send(handshakeRequest(silent.path));
      await noted(server, waiting.id, "accepted");
      await noted(server, goodbye.id, "accepted");
      await pause(100);
      server.signal("SIGTERM");
      assert.equal(await first.said(), "close 1012");
      assert.equal(await second.said(), "text goodbye");
      assert.equal(await second.said(), "close 1012");
      assert.equal((await third.readResponse()).status, 503);
      await noted(server, waiting.id, "disconnect 1012$");
      await noted(server, goodbye.id, "disconnect 1012$");
      await noted(server, silent.id, "disconnect 1006$");
      assert.equal(await first.rest(), "");
      first.close();
      second.close();
      third.close();
      await server.end();
      await server.line("stderr", /Finished server process/);
    });
  });
});
