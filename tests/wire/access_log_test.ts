/** One line for each response (http:H-150 to H-155, process:P-103). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import {
  ServerProcess,
  sharedServer,
  withServer,
} from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

/** The line for one request, without the address of its client. */
async function lineFor(text: string, mark: RegExp): Promise<string> {
  const from = shared.server.stdout.length;
  const client = await RawClient.connect(shared.server.target);
  const port = client.localPort;
  await client.request(text);
  client.close();
  const line = await shared.server.line("stdout", mark, from);
  const prefix = `INFO:     127.0.0.1:${port} - `;
  assert.ok(line.startsWith(prefix), line);
  return line.slice(prefix.length);
}

test("a line is level, client, request line, status and phrase (http:H-150)", async () => {
  assert.equal(
    await lineFor(request("GET /plain"), /plain/),
    '"GET /plain HTTP/1.1" 200 OK',
  );
});

for (
  const [behaviour, text, line] of [
    [
      "the query raw",
      request("GET /q1?a=%20b&c"),
      '"GET /q1?a=%20b&c HTTP/1.1" 200 OK',
    ],
    [
      "the path escaped again (http:H-152)",
      request("GET /q2%20%C3%A9%2Fx"),
      '"GET /q2%20%C3%A9/x HTTP/1.1" 200 OK',
    ],
    ["the version", "GET /q3 HTTP/1.0\r\n\r\n", '"GET /q3 HTTP/1.0" 200 OK'],
    ["the method", request("DELETE /q4"), '"DELETE /q4 HTTP/1.1" 200 OK'],
    [
      "what is known of a refused head",
      'GET /q6%22?" HTTP/1.1\r\nHost: a\r\nbad field\r\n\r\n',
      '"GET /q6%22?%22 HTTP/1.1" 400 Bad Request',
    ],
    [
      "what is known of a version that is not spoken",
      "GET /q7 HTTP/3.0\r\n\r\n",
      '"GET /q7 HTTP/3.0" 505 HTTP Version Not Supported',
    ],
    [
      "no control characters (http:H-152)",
      request("GET /q5%0a%1b%22x"),
      '"GET /q5%0A%1B%22x HTTP/1.1" 200 OK',
    ],
  ] as const
) {
  test(`a line shows ${behaviour}`, async () => {
    const mark = new RegExp(/\/(q\d)/.exec(text)![1]!);
    assert.equal(await lineFor(text, mark), line);
  });
}

test("a line shows another status with its phrase, or none", async () => {
  const missing = new Script(["start", 404], ["body", "x"]);
  assert.match(
    await lineFor(
      request(`GET ${missing.target}`),
      new RegExp(`"GET .*${missing.id}[^0-9]`),
    ),
    / 404 Not Found$/,
  );
  const odd = new Script(["start", 599], ["body", "x"]);
  assert.match(
    await lineFor(
      request(`GET ${odd.target}`),
      new RegExp(`"GET .*${odd.id}[^0-9]`),
    ),
    / 599$/,
  );
});

test("a line is written when the response has ended, not before", async () => {
  const client = await RawClient.connect(shared.server.target);
  const script = new Script(["start", 200], ["body", "a", true], [
    "wait",
    "line",
  ], ["body", "b"]);
  const mark = new RegExp(`"GET .*${script.id}[^0-9]`);
  client.send(request(`GET ${script.target}`));
  await client.readUntil("a\r\n");
  await exchange(shared.server.target, request("GET /meanwhile"));
  await shared.server.line("stdout", /meanwhile/);
  assert.ok(!shared.server.stdout.some((line) => mark.test(line)));
  await exchange(shared.server.target, request("GET /release?line"));
  await shared.server.line("stdout", mark);
  client.close();
});

test("a response that broke off has its line, with the status that was sent", async () => {
  const client = await RawClient.connect(shared.server.target);
  const script = new Script(
    ["start", 202],
    ["body", "a", true],
    ["sleep", 10],
    ["throw", "x"],
  );
  client.send(request(`GET ${script.target}`));
  await client.readToEnd();
  await shared.server.line(
    "stdout",
    new RegExp(`"GET .*${script.id}[^0-9].*" 202 Accepted`),
  );
  client.close();
});

test("pipelined requests have a line each, in order", async () => {
  const from = shared.server.stdout.length;
  const client = await RawClient.connect(shared.server.target);
  client.send(
    ["p1", "p2", "p3"].map((path) => request(`GET /${path}`)).join(""),
  );
  for (let count = 0; count < 3; count++) await client.readResponse();
  await shared.server.line("stdout", /\/p3/, from);
  const paths = shared.server.stdout.slice(from).map((line) =>
    /GET \/(p\d)/.exec(line)?.[1]
  );
  assert.deepEqual(paths.filter((path) => path !== undefined), [
    "p1",
    "p2",
    "p3",
  ]);
  client.close();
});

test("--no-access-log writes none, and nothing else is missing (options:O-029)", () =>
  withServer(
    { app: SCRIPTED_APP, args: ["--no-access-log"] },
    async (server) => {
      const script = new Script(["note", "called"], ...answer());
      await exchange(server.target, request(`GET ${script.target}`));
      await script.seen(server, /called/);
      server.signal("SIGINT");
      await server.end();
      assert.deepEqual(server.stdout, [`app ${script.id} called`]);
      await server.line("stderr", /Finished server process/);
    },
  ));

test("--log-level warning hides lines and the server's life (process:P-106)", async () => {
  // Without its ready line nobody could know its port: it is given one that is taken, and ends.
  const quiet = new ServerProcess({
    app: SCRIPTED_APP,
    args: ["--port", `${shared.server.port}`, "--log-level", "warning"],
  });
  assert.equal((await quiet.end()).code, 3);
  assert.ok(!quiet.output.includes("INFO"), quiet.output);
  assert.match(quiet.output, /ERROR: /);
});

test("--use-colors paints, and lines still hold what they say (process:P-107, options:O-030)", () =>
  withServer({ app: SCRIPTED_APP, args: ["--use-colors"] }, async (server) => {
    await exchange(server.target, request("GET /painted"));
    const line = await server.line("stdout", /painted/);
    assert.ok(
      line.startsWith("\x1b[32mINFO\x1b[0m:     "),
      JSON.stringify(line),
    );
    assert.ok(line.includes("\x1b[32m200 OK\x1b[0m"), JSON.stringify(line));
  }));

test("--access-log-format, --access-log-exclude and --request-id-header decide on the lines", async () => {
  await withServer({
    app: SCRIPTED_APP,
    args: [
      "--access-log-format",
      "<%(h)s> %(m)s %(target)s %(s)s %(bytes_in)s %({x-none}i)s %(request_id)s",
      "--access-log-exclude",
      "/health*",
      "--request-id-header",
      "X-Request-Id",
    ],
  }, async (server) => {
    const client = await RawClient.connect(server.target);
    await client.request(request("GET /healthz"));
    await client.request(
      request("POST /a?b", ["X-Request-Id: 7f", "Content-Length: 5"], "hello"),
    );
    client.close();
    const line = await server.line("stdout", /127/, 0);
    assert.equal(line, "<127.0.0.1> POST /a?b 200 5 - 7f");
  });
});

test("--access-log-format json writes an object for each response", async () => {
  await withServer({
    app: SCRIPTED_APP,
    args: ["--access-log-format", "json"],
  }, async (server) => {
    const client = await RawClient.connect(server.target);
    await client.request(request("GET /a%1b"));
    client.close();
    const entry = JSON.parse(await server.line("stdout", /time/, 0));
    assert.equal(entry.path, "/a\x1b");
    assert.equal(entry.status, 200);
    assert.ok(entry.duration_ms >= entry.first_byte_ms);
  });
});

test("--access-log-sample 0 leaves errors", async () => {
  await withServer({
    app: SCRIPTED_APP,
    args: ["--access-log-sample", "0"],
  }, async (server) => {
    const client = await RawClient.connect(server.target);
    await client.request(request("GET /fine"));
    await client.request("GET /bad HTTP/1.1\r\nHost: a\r\nbad field\r\n\r\n");
    client.close();
    assert.match(await server.line("stdout", /./, 0), /\/bad/);
  });
});
