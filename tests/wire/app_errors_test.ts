/** Applications that throw, return early or say nonsense. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP, type Step } from "../_support/script.ts";
import { sharedServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

/** Runs the steps on a connection of their own and reads everything up to its end. */
async function allBytesOf(steps: readonly Step[]): Promise<string> {
  const client = await RawClient.connect(shared.server.target);
  client.send(request(`GET ${new Script(...steps).target}`));
  const { bytes } = await client.readToEnd();
  client.close();
  return bytes;
}

describe("before the response has started", () => {
  for (
    const [behaviour, steps, log] of [
      [
        "an exception (http:H-099, asgi:A-088)",
        [["throw", "secret reason 1"]],
        /ERROR: .*Exception in ASGI application/,
      ],
      [
        "an early return (http:H-102, asgi:A-088)",
        [["return"]],
        /ERROR: .*ASGI callable returned without starting response\./,
      ],
      [
        "a return of a value (http:H-104)",
        [["return", "value"]],
        /ERROR: .*ASGI callable returned without starting response\./,
      ],
      [
        "an exception after a start that nobody saw (asgi:A-089)",
        [["start", 200, [["x-lost", "1"]]], ["throw", "secret reason 2"]],
        /ERROR: .*Exception in ASGI application/,
      ],
    ] as const
  ) {
    test(`${behaviour} is a 500 that closes the connection`, async () => {
      const from = shared.server.stderr.length;
      const client = await RawClient.connect(shared.server.target);
      const script = new Script(...steps);
      const response = await client.request(request(`GET ${script.target}`));
      assert.equal(response.status, 500);
      assert.equal(response.reason, "Internal Server Error");
      assert.equal(
        response.header("content-type"),
        "text/plain; charset=utf-8",
      );
      assert.equal(response.header("content-length"), "21");
      assert.equal(response.header("connection"), "close");
      assert.equal(response.header("x-lost"), undefined);
      assert.equal(response.header("server"), "tricorn");
      assert.equal(response.body, "Internal Server Error"); // asgi:A-220: nothing of the reason
      assert.equal(await client.ended(), "fin");
      await shared.server.line("stderr", log, from);
      await shared.server.line(
        "stdout",
        new RegExp(`${script.id}.* 500 Internal Server Error`),
      );
      client.close();
    });
  }

  test("the log tells the reason with its stack", async () => {
    await allBytesOf([["throw", "the reason for the log"]]);
    await shared.server.line("stderr", /the reason for the log/);
    await shared.server.line("stderr", /^\s+at .*scripted\.ts/);
  });

  test("HEAD gets the head of the 500 and no body", async () => {
    const response = await exchange(
      shared.server.target,
      request(`HEAD ${new Script(["throw", "x"]).target}`),
    );
    assert.deepEqual([response.status, response.header("content-length")], [
      500,
      "21",
    ]);
  });

  test("an unread request body does not keep the 500 from arriving", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(
      request(`POST ${new Script(["throw", "x"]).target}`, [
        "Content-Length: 100000",
      ]),
    );
    client.send("x".repeat(50_000));
    assert.equal((await client.readResponse()).status, 500);
    client.close();
  });
});

describe("after the response has started", () => {
  const begun: Step[] = [["start", 200], ["body", "partial", true], [
    "sleep",
    20,
  ]];

  test("an exception cuts the response off without a 500 (http:H-100, asgi:A-090)", async () => {
    const bytes = await allBytesOf([...begun, ["throw", "midway"]]);
    assert.match(bytes, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(bytes.includes("partial"));
    assert.ok(!bytes.includes("500"), bytes);
    assert.ok(
      !bytes.includes("0\r\n\r\n"),
      "the chunks must not look complete",
    );
    await shared.server.line("stderr", /midway/);
  });

  test("an early return cuts the response off (http:H-103, asgi:A-090)", async () => {
    const from = shared.server.stderr.length;
    const bytes = await allBytesOf([...begun, ["return"]]);
    assert.ok(bytes.includes("partial") && !bytes.includes("0\r\n\r\n"), bytes);
    await shared.server.line(
      "stderr",
      /ERROR: .*ASGI callable returned without completing response\./,
      from,
    );
  });

  test("a response with content-length is cut short, not padded", async () => {
    const bytes = await allBytesOf([
      ["start", 200, [["content-length", "100"]]],
      ["body", "partial", true],
      ["sleep", 20],
      ["throw", "midway"],
    ]);
    assert.ok(bytes.endsWith("\r\n\r\npartial"), bytes);
  });

  test("a body up to the close just ends: HTTP/1.0 has no way to say more", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(...begun, ["throw", "midway"]);
    client.send(`GET ${script.target} HTTP/1.0\r\n\r\n`);
    const { bytes } = await client.readToEnd();
    assert.ok(bytes.endsWith("\r\n\r\npartial"), bytes);
    client.close();
  });
});

describe("after the response is complete", () => {
  test("an exception is logged and the connection stays (http:H-101, asgi:A-092)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(...answer("done"), ["throw", "thrown too late"]);
    assert.equal(
      (await client.request(request(`GET ${script.target}`))).body,
      "done",
    );
    await shared.server.line("stderr", /thrown too late/);
    assert.equal(
      (await client.request(request("GET /"))).body,
      "Hello, world!",
    );
    client.close();
  });

  test("a returned value is told once and changes nothing (asgi:A-017)", async () => {
    const script = new Script(...answer("done"), ["return", 5]);
    const response = await exchange(
      shared.server.target,
      request(`GET ${script.target}`),
    );
    assert.equal(response.body, "done");
    await shared.server.line(
      "stderr",
      /WARNING: .*ASGI callable should return undefined/,
    );
  });
});

test("an error of one request leaves the others alone (asgi:A-219)", async () => {
  const client = await RawClient.connect(shared.server.target);
  const script = new Script(["start", 200], ["body", "a", true], [
    "wait",
    "others",
  ], ["body", "b"]);
  client.send(request(`GET ${script.target}`));
  await client.readUntil("a\r\n");
  for (let count = 0; count < 5; count++) {
    await allBytesOf([["throw", "elsewhere"]]);
  }
  await exchange(shared.server.target, request("GET /release?others"));
  assert.match(await client.readUntil("0\r\n\r\n"), /b/);
  client.close();
});
