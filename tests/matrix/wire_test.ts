/**
 * What a server does for a living, through the real command: short enough to run on every release
 * of versions.json, from the sources and from the npm package. tests/matrix/run.mjs sets
 * `TEST_COMMAND`, `TEST_LIBRARY` and `TEST_VERSION`; without them the sources are tried on the
 * runtime at hand.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { connect as connectTcp } from "node:net";
import { pathToFileURL } from "node:url";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { ScratchFolder, TestAuthority } from "../_support/certificates.ts";
import { handOver, needsHandOver } from "../_support/hand_over.ts";
import {
  bytesOf,
  exchange,
  latin1,
  pause,
  RawClient,
  request,
} from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import {
  COMMAND,
  ServerProcess,
  sharedServer,
  withServer,
} from "../_support/spawn_server.ts";
import {
  commandLine,
  ROOT,
  RUNTIME_VERSION,
} from "../_support/this_runtime.ts";
import { FrameClient } from "../_support/websocket_client.ts";
import {
  closeFrame,
  frame,
  pingFrame,
  type ReadFrame,
} from "../_support/websocket_frames.ts";

const MEGABYTE = 1 << 20;
const skipsFiles = process.platform === "win32" &&
  "UNIX sockets and inherited ones are not for Windows";

const folder = new ScratchFolder();
after(() => folder.remove());

/** Octets of every value, in an order that a wrong offset would change. */
function octets(size: number): string {
  let text = "";
  for (let at = 0; at < 4096; at++) {
    text += String.fromCharCode((at * 7 + (at >> 8)) & 0xff);
  }
  return text.repeat(Math.ceil(size / text.length)).slice(0, size);
}

/** A POST that is answered with its own body. */
function echoRequest(body: string, fields: readonly string[] = []): string {
  const { target } = new Script(["echo"]);
  const length = `Content-Length: ${body.length}`;
  return request(`POST ${target}`, [length, ...fields], body);
}

test("the command runs on the release under test", () => {
  const { program, args } = commandLine(COMMAND, ["--version"]);
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 60_000,
  });
  const version = process.env.TEST_VERSION ?? RUNTIME_VERSION;
  assert.equal(RUNTIME_VERSION, version);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^Running tricorn .* with (?:Deno|Bun|Node) /);
  assert.ok(stdout.includes(` ${version} on `), stdout);
});

test("serve() works in a program, which then ends by itself", () => {
  const library = process.env.TEST_LIBRARY ?? join(ROOT, "mod.ts");
  const path = folder.write(
    "program.mjs",
    `import { serve } from ${JSON.stringify(pathToFileURL(library).href)};
const server = serve(async (scope, receive, send) => {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "from a program" });
}, { port: 0, logLevel: "warning", accessLog: false });
await server.listening;
const answer = await fetch(server.url, { headers: { connection: "close" } });
console.log(answer.status, await answer.text());
await server.stop();
`,
  );
  const { program, args } = commandLine(path);
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "200 from a program\n");
});

for (const loop of ["native", "node"]) {
  describe(`HTTP over --loop ${loop}`, () => {
    const shared = sharedServer({ app: SCRIPTED_APP, args: ["--loop", loop] });
    const connect = () => RawClient.connect(shared.server.target);

    test("answers one request after the other on a connection", async () => {
      const client = await connect();
      for (let i = 0; i < 20; i++) {
        const { status, body } = await client.request(request("GET /"));
        assert.deepEqual([status, body], [200, "Hello, world!"]);
      }
      const head = await client.request(request("HEAD /"));
      assert.equal(head.header("content-length"), "13");
      assert.equal((await client.request(request("GET /"))).status, 200);
      client.close();
    });

    test("answers a request that comes byte by byte", async () => {
      const client = await connect();
      await client.sendInPieces(echoRequest("piecemeal"), 1);
      assert.equal((await client.readFinalResponse()).body, "piecemeal");
      client.close();
    });

    test("sends back a body of a megabyte, told by its length", async () => {
      const body = octets(MEGABYTE);
      const response = await exchange(
        shared.server.target,
        echoRequest(body),
      );
      assert.equal(response.status, 200);
      assert.ok(response.body === body, "the body has changed");
    });

    test("sends back a body in chunks of many sizes, and reads its trailers", async () => {
      const body = octets(200_000);
      let chunked = "";
      for (let at = 0, size = 1; at < body.length; at += size, size *= 2) {
        const piece = body.slice(at, at + size);
        chunked += `${piece.length.toString(16)}\r\n${piece}\r\n`;
      }
      const { target } = new Script(["echo"]);
      const response = await exchange(
        shared.server.target,
        request(
          `POST ${target}`,
          ["Transfer-Encoding: chunked"],
          `${chunked}0\r\nX-Sum: 1\r\n\r\n`,
        ),
      );
      assert.equal(response.status, 200);
      assert.ok(response.body === body, "the body has changed");
    });

    test("streams eight megabytes in chunks to a client that reads late", async () => {
      const script = new Script(
        ["start", 200],
        ["flood", 128, 65_536],
        ["body", ""],
      );
      const { head, dots } = await readLate(shared.server.port, script.target);
      assert.match(
        head,
        /^HTTP\/1\.1 200 .*\r\ntransfer-encoding: chunked\r\n/s,
      );
      assert.equal(dots, 8 * MEGABYTE);
      await script.seen(shared.server, /flooded/);
    });

    test("continues a request that expects it", async () => {
      const { target } = new Script(["echo"]);
      const client = await connect();
      client.send(
        request(`POST ${target}`, [
          "Expect: 100-continue",
          "Content-Length: 4",
        ]),
      );
      assert.equal((await client.readResponse()).status, 100);
      client.send("data");
      assert.equal((await client.readFinalResponse()).body, "data");
      client.close();
    });

    test("answers pipelined requests, bodies among them, in their order", async () => {
      const client = await connect();
      let sent = "";
      const wanted: string[] = [];
      for (let i = 0; i < 40; i++) {
        const body = octets(i * 97);
        sent += i % 2 === 0 ? echoRequest(body) : request("GET /");
        wanted.push(i % 2 === 0 ? body : "Hello, world!");
      }
      client.send(sent);
      for (const [i, body] of wanted.entries()) {
        const response = await client.readResponse();
        assert.ok(response.body === body, `answer ${i}`);
      }
      client.close();
    });

    test("refuses what could be read in two ways, and closes", async () => {
      const client = await connect();
      client.send(
        request("POST /", [
          "Content-Length: 4",
          "Transfer-Encoding: chunked",
        ], "0\r\n\r\n"),
      );
      assert.equal((await client.readResponse()).status, 400);
      assert.equal(await client.ended(), "fin");
      client.close();
      assert.equal(
        (await exchange(shared.server.target, request("GET /"))).status,
        200,
      );
    });

    test("tells the application of a client that was reset", async () => {
      const script = new Script(
        ["note", "here"],
        ["signal", "abort_signal"],
        ["untilDisconnect"],
      );
      const client = await connect();
      client.send(request(`GET ${script.target}`));
      await script.seen(shared.server, /here/);
      client.reset();
      await script.seen(shared.server, /received disconnect/);
    });
  });

  describe(`WebSockets over --loop ${loop}`, () => {
    const shared = sharedServer({
      app: "websocket:app",
      args: ["--loop", loop],
    });

    test("echo with permessage-deflate, one window for all messages", async () => {
      const client = await FrameClient.connect(shared.server.target, "/echo", [
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
      ]);
      assert.equal(client.status, 101);
      assert.match(
        client.header("sec-websocket-extensions") ?? "",
        /^permessage-deflate/,
      );
      const bits = /client_max_window_bits=(\d+)/.exec(client.head)?.[1];
      const inflate = inflater();
      for (const size of [200, 200, 4_000, 100_000, 3]) {
        const payload = octets(size);
        client.send(deflated(payload, Number(bits ?? 15)));
        const inflated = inflate(await client.next());
        assert.ok(inflated === payload, `message of ${size} octets`);
      }
      client.send(closeFrame(1000));
      assert.equal(await client.said(), "close 1000");
      client.close();
    });

    test("answer pings between fragments, and echo what they make up", async () => {
      const client = await FrameClient.connect(shared.server.target, "/echo");
      client.send(frame(1, "one ", { fin: false }));
      client.send(pingFrame("still there?"));
      client.send(frame(0, "message"));
      assert.equal(await client.said(), "pong still there?");
      assert.equal(await client.said(), "text one message");
      client.send(closeFrame(1000, "bye"));
      assert.equal(await client.said(), "close 1000 bye");
      client.close();
    });

    test("understand the runtime's own client", async () => {
      const url = shared.server.runningOn.replace("http", "ws");
      const socket = new WebSocket(`${url}/echo`);
      const text = "ä€😀".repeat(2_000);
      const echo = await new Promise((resolve, reject) => {
        socket.onopen = () => socket.send(text);
        socket.onmessage = (event) => resolve(event.data);
        socket.onerror = () => reject(new Error("the WebSocket failed"));
      });
      assert.ok(echo === text, "the message has changed");
      const closed = new Promise<CloseEvent>((resolve) =>
        socket.onclose = resolve
      );
      socket.close(4000, "done");
      const { code, reason } = await closed;
      assert.deepEqual([code, reason], [4000, "done"]);
    });
  });
}

/**
 * Asks for a page and begins to read it late, when the server has filled what the kernel takes.
 * Counts what the application floods with: the connection must then end.
 */
async function readLate(
  port: number,
  target: string,
): Promise<{ readonly head: string; readonly dots: number }> {
  const socket = connectTcp({ host: "127.0.0.1", port });
  socket.write(bytesOf(request(`GET ${target}`, ["Connection: close"])));
  await pause(200);
  let head = "";
  let dots = 0;
  const ended = new Promise((resolve, reject) => {
    socket.on("end", resolve);
    socket.on("error", reject);
  });
  socket.on("data", (bytes: Uint8Array) => {
    let body = bytes;
    if (!head.includes("\r\n\r\n")) {
      head += latin1(bytes);
      const end = head.indexOf("\r\n\r\n") + 4;
      if (end < 4) return;
      body = bytesOf(head.slice(end));
      head = head.slice(0, end);
    }
    for (const byte of body) if (byte === 0x2e) dots++;
  });
  await ended;
  socket.destroy();
  return { head, dots };
}

/** A binary message, compressed by itself. */
function deflated(payload: string, windowBits: number): Uint8Array {
  const { Z_SYNC_FLUSH: finishFlush } = constants;
  const bytes = deflateRawSync(bytesOf(payload), { finishFlush, windowBits });
  return frame(2, bytes.subarray(0, -4), { rsv: 4 });
}

/** Reads messages that may refer to those before them. */
function inflater(): (read: ReadFrame) => string {
  const { Z_SYNC_FLUSH: finishFlush } = constants;
  let compressed = "";
  let size = 0;
  return ({ rsv1, fin, payload }) => {
    assert.ok(fin);
    if (!rsv1) return payload;
    compressed += `${payload}\0\0\xff\xff`;
    const all = latin1(inflateRawSync(bytesOf(compressed), { finishFlush }));
    const message = all.slice(size);
    size = all.length;
    return message;
  };
}

describe("TLS", () => {
  const authority = new TestAuthority();
  const { cert, key } = authority.server();
  const args = [
    ...["--ssl-certfile", folder.write("cert.pem", cert)],
    ...["--ssl-keyfile", folder.write("key.pem", key)],
  ];

  /** Sends one request whose answer ends the connection, and returns all that comes back. */
  async function ask(
    target: { readonly port: number } | { readonly path: string },
    text: string,
  ): Promise<string> {
    const socket = connectTls({
      ...target,
      servername: "localhost",
      ca: authority.cert,
    });
    let answer = "";
    // Deno 2.9 may forget the end of a TLS socket that is read with "for await".
    socket.on("data", (bytes: Uint8Array) => answer += latin1(bytes));
    const ended = new Promise((resolve, reject) => {
      socket.on("end", resolve);
      socket.on("close", resolve);
      socket.on("error", reject);
    });
    socket.write(bytesOf(text));
    await ended;
    socket.destroy();
    return answer;
  }

  test("carries requests and large bodies both ways", () =>
    withServer({ app: SCRIPTED_APP, args }, async (server) => {
      const { port } = server;
      const hello = await ask(
        { port },
        request("GET /", ["Connection: close"]),
      );
      assert.match(hello, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nHello, world!$/s);
      const body = octets(MEGABYTE);
      const echo = await ask(
        { port },
        echoRequest(body, ["Connection: close"]),
      );
      assert.match(echo, /^HTTP\/1\.1 200 OK\r\n/);
      assert.ok(echo.endsWith(`\r\n\r\n${body}`), "the body has changed");
      server.signal("SIGINT");
      assert.deepEqual(await server.end(), { code: 0, signal: null });
    }));

  test("carries requests over a UNIX socket", { skip: skipsFiles }, () => {
    const path = join(folder.path, "tls.sock");
    return withServer(
      { app: SCRIPTED_APP, args: ["--uds", path, ...args] },
      async () => {
        const answer = await ask(
          { path },
          request("GET /", ["Connection: close"]),
        );
        assert.match(answer, /\r\n\r\nHello, world!$/);
      },
    );
  });
});

describe("UNIX sockets", () => {
  for (const loop of ["native", "node"]) {
    test(`are served over --loop ${loop}`, { skip: skipsFiles }, () => {
      const path = join(folder.path, `${loop}.sock`);
      return withServer(
        { app: SCRIPTED_APP, args: ["--uds", path, "--loop", loop] },
        async (server) => {
          const body = octets(MEGABYTE);
          const response = await exchange({ path }, echoRequest(body));
          assert.ok(response.body === body, "the body has changed");
          server.signal("SIGINT");
          assert.deepEqual(await server.end(), { code: 0, signal: null });
        },
      );
    });
  }
});

describe("inherited descriptors", () => {
  const skip = skipsFiles || needsHandOver();

  for (const kind of ["tcp", "unix"]) {
    test(`of a ${kind} socket are served`, { skip }, async () => {
      const path = join(folder.path, "inherited.sock");
      const sockets = [{ kind, at: 3, path }];
      const server = new ServerProcess({
        app: SCRIPTED_APP,
        args: ["--fd", "3"],
        via: handOver(sockets),
      });
      try {
        await server.ready();
        const target = kind === "unix" ? { path } : server.target;
        const body = octets(100_000);
        const response = await exchange(target, echoRequest(body));
        assert.ok(response.body === body, "the body has changed");
        server.signal("SIGINT");
        assert.deepEqual(await server.end(), { code: 0, signal: null });
      } finally {
        await server.kill();
      }
    });
  }
});

describe("SIGTERM", () => {
  test("lets the request in progress finish, and no new one in", () =>
    withServer({ app: SCRIPTED_APP }, async (server) => {
      const script = new Script(
        ["note", "here"],
        ["signal", "drain_signal"],
        ["sleep", 300],
        ...answer("finished"),
      );
      const idle = await RawClient.connect(server.target);
      await idle.request(request("GET /"));
      const client = await RawClient.connect(server.target);
      client.send(request(`GET ${script.target}`));
      await script.seen(server, /here/);
      server.signal("SIGTERM");
      await script.seen(server, /drain_signal/);
      assert.equal((await idle.readToEnd()).bytes, "");
      const { status, body } = await client.readResponse();
      assert.deepEqual([status, body], [200, "finished"]);
      assert.deepEqual(await server.end(), { code: null, signal: "SIGTERM" });
      assert.match(server.output, /Finished server process/);
      await assert.rejects(RawClient.connect(server.target));
      for (const each of [idle, client]) each.close();
    }));

  test("closes WebSockets with 1012", () =>
    withServer({ app: "websocket:app" }, async (server) => {
      const client = await FrameClient.connect(server.target, "/wait");
      await server.line("stdout", /accepted/);
      server.signal("SIGTERM");
      assert.match(await client.said(), /^close 1012/);
      client.send(closeFrame(1012));
      assert.deepEqual(await server.end(), { code: null, signal: "SIGTERM" });
      client.close();
    }));
});

describe("traces", () => {
  test("a span is active in the application, and the channels tell of the same request", () =>
    withServer({
      app: "traced:app",
      args: ["--otel", "--tracing-channels"],
    }, async (server) => {
      const trace = "0af7651916cd43dd8448eb211c80319c";
      const parent = "b7ad6b7169203331";
      const client = await RawClient.connect(server.target);
      const { body } = await client.request(
        request("GET /inner", [`traceparent: 00-${trace}-${parent}-01`]),
      );
      assert.equal(body, "/inner"); // the store of the channel
      const seen = await client.request(request("GET /seen"));
      const { spans, heard, durations } = JSON.parse(seen.body);
      const ours = spans.find(
        ({ name }: { readonly name: string }) => name === "GET /inner",
      );
      const inner = spans.find(
        ({ name }: { readonly name: string }) => name === "inner",
      );
      assert.deepEqual([ours.trace, ours.parent], [trace, parent]);
      assert.deepEqual([inner.trace, inner.parent], [trace, ours.id]);
      assert.equal(ours.attributes["http.response.status_code"], 200);
      assert.equal(durations.length, 1);
      assert.deepEqual(
        heard.filter((line: string) => line.startsWith("request")),
        [
          "request start /inner",
          "request asyncStart /inner 200",
          "request asyncEnd /inner 200",
        ],
      );
      client.close();
    }));
});
