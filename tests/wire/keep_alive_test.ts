/** When a connection stays, when it closes, and what happens in a queue. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP, type Step } from "../_support/script.ts";
import { sharedServer, withServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

const connect = () => RawClient.connect(shared.server.target);
const get = (...steps: readonly Step[]) =>
  request(`GET ${new Script(...steps).target}`);

describe("a connection", () => {
  test("carries one request after another, without a connection header (http:H-082)", async () => {
    const client = await connect();
    for (let count = 0; count < 20; count++) {
      const response = await client.request(get(...answer(`${count}`)));
      assert.equal(response.body, `${count}`);
      assert.equal(response.header("connection"), undefined);
    }
    client.close();
  });

  for (
    const value of [
      "close",
      "Close",
      "foo, close",
      "close,foo",
      "keep-alive, CLOSE",
    ]
  ) {
    test(`closes after a request with Connection: ${value} (http:H-088)`, async () => {
      const client = await connect();
      const response = await client.request(
        request("GET /", [`Connection: ${value}`]),
      );
      assert.equal(response.header("connection"), "close");
      assert.equal(await client.ended(), "fin");
      client.close();
    });
  }

  test("stays open where close is only part of a word", async () => {
    const client = await connect();
    await client.request(request("GET /", ["Connection: closed, unclose"]));
    assert.equal((await client.request(request("GET /"))).status, 200);
    client.close();
  });

  test("closes after a POST that asked for it, body read to its end (http:H-089)", async () => {
    const client = await connect();
    client.send(
      request(`POST ${new Script(["echo"]).target}`, [
        "Connection: close",
        "Content-Length: 6",
      ]),
    );
    client.send("abc");
    client.send("def");
    assert.equal((await client.readResponse()).body, "abcdef");
    assert.equal(await client.ended(), "fin");
    client.close();
  });

  for (const value of ["close", "CLOSE", "x, close"]) {
    test(`closes after an application's Connection: ${value}, not doubled (http:H-090)`, async () => {
      const client = await connect();
      const response = await client.request(
        get(...answer("ok", [["Connection", value]])),
      );
      assert.equal(response.all("connection").length, 1);
      assert.match(response.header("connection")!, /close/i);
      assert.equal(await client.ended(), "fin");
      client.close();
    });
  }

  test("stays open for an application's Connection: keep-alive (http:H-091)", async () => {
    const client = await connect();
    const steps = answer("ok", [["connection", "keep-alive"]]);
    assert.equal(
      (await client.request(get(...steps))).header("connection"),
      "keep-alive",
    );
    assert.equal((await client.request(get(...steps))).status, 200);
    client.close();
  });
});

describe("the keep-alive time", () => {
  const brief = sharedServer({
    app: SCRIPTED_APP,
    args: ["--timeout-keep-alive", "1"],
  });

  test("closes an idle connection, nothing written (http:H-083)", async () => {
    const { server } = brief;
    const client = await RawClient.connect(server.target);
    assert.equal((await client.request(request("GET /"))).status, 200);
    assert.deepEqual(await client.readToEnd(), { bytes: "", end: "fin" });
    client.close();
  });

  test("does not run while a request is in progress (http:H-085)", async () => {
    const { server } = brief;
    const client = await RawClient.connect(server.target);
    client.send(request("GET /") + get(["sleep", 2500], ...answer("slow")));
    assert.equal((await client.readResponse()).body, "Hello, world!");
    assert.equal((await client.readResponse()).body, "slow");
    client.close();
  });

  test("of 0 closes after each response (options:O-047)", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--timeout-keep-alive", "0"] },
      async (server) => {
        const client = await RawClient.connect(server.target);
        assert.equal(
          (await client.request(request("GET /"))).header("connection"),
          "close",
        );
        assert.equal(await client.ended(), "fin");
        client.close();
      },
    ));
});

describe("pipelined requests (http:H-093, asgi:A-094)", () => {
  test("are answered in order", async () => {
    const client = await connect();
    client.send(
      get(["sleep", 30], ...answer("first")) + get(...answer("second")) +
        get(["start", 200], ["body", "th", true], ["body", "ird"]),
    );
    const bodies = [];
    for (let count = 0; count < 3; count++) {
      bodies.push((await client.readResponse()).body);
    }
    assert.deepEqual(bodies, ["first", "second", "third"]);
    client.close();
  });

  test("by the hundred are all answered", async () => {
    const client = await connect();
    client.send(
      Array.from({ length: 300 }, (_, at) => get(...answer(`${at}`))).join(""),
    );
    for (let at = 0; at < 300; at++) {
      assert.equal((await client.readResponse()).body, `${at}`);
    }
    client.close();
  });

  test("with bodies between them are told apart", async () => {
    const client = await connect();
    const echo = new Script(["echo"]).target;
    client.send(
      request(`POST ${echo}`, ["Content-Length: 3"], "abc") +
        request(
          `POST ${echo}`,
          ["Transfer-Encoding: chunked"],
          "2\r\nde\r\n0\r\n\r\n",
        ) +
        request("GET /"),
    );
    assert.equal((await client.readResponse()).body, "abc");
    assert.equal((await client.readResponse()).body, "de");
    assert.equal((await client.readResponse()).body, "Hello, world!");
    client.close();
  });

  test("reach the application only after the response before is complete", async () => {
    const client = await connect();
    const first = new Script(["start", 200], ["body", "a", true], [
      "wait",
      "first",
    ], ["body", "b"]);
    const second = new Script(["note", "called"], ...answer("second"));
    client.send(
      request(`GET ${first.target}`) + request(`GET ${second.target}`),
    );
    await client.readUntil("a\r\n");
    await exchange(shared.server.target, request("GET /")); // a whole exchange later ...
    assert.ok(!shared.server.stdout.includes(`app ${second.id} called`));
    await exchange(shared.server.target, request("GET /release?first"));
    await client.readUntil("0\r\n\r\n");
    assert.equal((await client.readResponse()).body, "second");
    client.close();
  });

  test("do not wait for an application that only cleans up (http:H-094, asgi:A-091)", async () => {
    const client = await connect();
    const cleaning = new Script(...answer("first"), ["wait", "cleaning"], [
      "note",
      "cleaned",
    ]);
    client.send(request(`GET ${cleaning.target}`) + get(...answer("second")));
    assert.equal((await client.readResponse()).body, "first");
    assert.equal((await client.readResponse()).body, "second");
    await exchange(shared.server.target, request("GET /release?cleaning"));
    await cleaning.seen(shared.server, /cleaned/);
    client.close();
  });

  test("after Connection: close are never processed and never a 400 (http:H-092)", async () => {
    const client = await connect();
    const second = new Script(["note", "called"], ...answer("second"));
    client.send(
      request("GET /", ["Connection: close"]) +
        request(`GET ${second.target}`) + "garbage\r\n\r\n",
    );
    const { bytes, end } = await client.readToEnd();
    assert.equal(end, "fin");
    assert.equal(bytes.split("HTTP/1.1 ").length - 1, 1, bytes);
    assert.ok(!shared.server.stdout.includes(`app ${second.id} called`));
    client.close();
  });

  test("before garbage are answered, then the garbage is refused (http:H-095)", async () => {
    const client = await connect();
    client.send(get(["sleep", 20], ...answer("good")) + "NOT HTTP\r\n\r\n");
    assert.equal((await client.readResponse()).body, "good");
    assert.equal((await client.readResponse()).status, 400);
    assert.equal(await client.ended(), "fin");
    client.close();
  });

  test("before a FIN are all answered (http:H-097)", async () => {
    const client = await connect();
    client.send(
      get(["sleep", 20], ...answer("1")) + get(...answer("2")) +
        get(...answer("3")),
    );
    client.halfClose();
    for (const body of ["1", "2", "3"]) {
      assert.equal((await client.readResponse()).body, body);
    }
    assert.equal(await client.ended(), "fin");
    client.close();
  });
});
