/** Clients that leave, in every way and at every moment (asgi: ). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { sharedServer, withServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

const connect = () => RawClient.connect(shared.server.target);

const WAYS = {
  "resets": (client: RawClient) => client.reset(),
  "closes": (client: RawClient) => client.close(),
} as const;

for (const [way, leave] of Object.entries(WAYS)) {
  describe(`a client that ${way}`, () => {
    test("before it sent anything is no event at all", async () => {
      const client = await connect();
      leave(client);
      assert.equal(
        (await exchange(shared.server.target, request("GET /"))).status,
        200,
      );
    });

    test("inside a head is no event at all", async () => {
      const from = shared.server.stdout.length;
      const client = await connect();
      await client.sendAll("GET /never HTTP/1.1\r\nHost: ");
      leave(client);
      assert.equal(
        (await exchange(shared.server.target, request("GET /"))).status,
        200,
      );
      assert.ok(
        !shared.server.stdout.slice(from).some((line) =>
          line.includes("/never")
        ),
      );
    });

    test("inside a body ends receive() with a disconnect (asgi:A-096)", async () => {
      const client = await connect();
      const script = new Script(["untilDisconnect"], ["receive"], [
        "note",
        "over",
      ]);
      client.send(
        request(`POST ${script.target}`, ["Content-Length: 10"], "abc"),
      );
      await script.seen(shared.server, /received 3 more/);
      leave(client);
      await script.seen(shared.server, /over/);
      assert.deepEqual(await script.notes(shared.server, 4), [
        "received 3 more",
        "received disconnect",
        "received disconnect", // and so for every later call (asgi:A-099)
        "over",
      ]);
    });

    test("while the response streams makes send() reject with ClientDisconnected (asgi:A-212)", async () => {
      const client = await connect();
      const script = new Script(
        ["start", 200],
        ["body", "first", true],
        ["signal", "abort_signal"],
        ["try", {
          type: "http.response.body",
          body: "second",
          more_body: true,
        }],
        ["receive"],
        ["receive"],
        ["note", "over"],
      );
      client.send(
        request(
          `POST ${script.target}`,
          ["Content-Length: 100000"],
          "x".repeat(50),
        ),
      );
      await client.readUntil("first");
      leave(client);
      await script.seen(shared.server, /over/);
      const notes = await script.notes(shared.server, 5);
      assert.match(notes[0]!, /^abort_signal ClientDisconnected: /);
      assert.match(notes[1]!, /^rejected ClientDisconnected: /);
      assert.deepEqual(notes.slice(2), [
        "received disconnect",
        "received disconnect",
        "over",
      ]);
    });

    test("while send() waits for it makes send() reject (http:H-073, asgi:A-215)", async () => {
      const client = await connect();
      const script = new Script(["start", 200], ["note", "started"], [
        "flood",
        1000,
        100_000,
      ]);
      client.send(request(`GET ${script.target}`));
      await client.readUntil("\r\n\r\n");
      client.pause();
      await script.seen(shared.server, /started/);
      leave(client);
      // The error escapes the application: the access line shows that its call has ended.
      await shared.server.line(
        "stdout",
        new RegExp(`${script.id}[^0-9].*" 200 OK`),
      );
      const notes = await script.notes(shared.server, 1);
      assert.ok(!notes.includes("flooded"));
    });

    test("is never logged as the application's error (asgi:A-216)", async () => {
      const from = shared.server.stderr.length;
      const client = await connect();
      const script = new Script(
        ["start", 200],
        ["body", "first", true],
        ["signal", "abort_signal"],
        ["body", "second"],
      );
      client.send(
        request(
          `POST ${script.target}`,
          ["Content-Length: 100000"],
          "x".repeat(50),
        ),
      );
      await client.readUntil("first");
      leave(client);
      await script.seen(shared.server, /abort_signal/);
      assert.equal(
        (await exchange(shared.server.target, request("GET /"))).status,
        200,
      );
      const lines = shared.server.stderr.slice(from);
      assert.ok(
        !lines.some((line) => /ERROR|Exception/.test(line)),
        lines.join("\n"),
      );
    });
  });
}

describe("a client that resets", () => {
  test("while the application waits in receive() is told at once (http:H-031, H-098)", async () => {
    const client = await connect();
    const script = new Script(["receive"], ["receive"], ["note", "over"]);
    client.send(request(`GET ${script.target}`));
    await script.seen(shared.server, /received 0 last/);
    client.reset();
    await script.seen(shared.server, /over/);
    assert.equal(
      (await script.notes(shared.server, 3))[1],
      "received disconnect",
    );
  });

  test("before the head of its answer shows as 499 in the access log (asgi:A-216)", async () => {
    const client = await connect();
    const script = new Script(["receive"], ["receive"]);
    client.send(request(`GET ${script.target}`));
    await script.seen(shared.server, /received 0 last/);
    client.reset();
    await shared.server.line("stdout", new RegExp(`${script.id}[^0-9].* 499`));
  });

  test("with its whole body unread still has it delivered first (asgi:A-097)", async () => {
    const client = await connect();
    const script = new Script(["signal", "abort_signal"], ["receive"], [
      "receive",
    ]);
    await client.sendAll(
      request(`POST ${script.target}`, ["Content-Length: 3"], "abc"),
    );
    await exchange(shared.server.target, request("GET /"));
    client.reset();
    await script.seen(shared.server, /received disconnect/);
    assert.deepEqual((await script.notes(shared.server, 3)).slice(1), [
      "received 3 last",
      "received disconnect",
    ]);
  });

  test("after the answer is no event for the application", async () => {
    const client = await connect();
    const script = new Script(...answer(), ["wait", "after-reset"], [
      "note",
      "finished",
    ]);
    await client.request(request(`GET ${script.target}`));
    client.reset();
    await exchange(shared.server.target, request("GET /release?after-reset"));
    await script.seen(shared.server, /finished/);
  });
});

describe("a client that closes its side only (http:H-097, asgi:A-098)", () => {
  test("gets its answer, however slow the application", async () => {
    const client = await connect();
    const script = new Script(["sleep", 200], ...answer("still here"));
    client.send(request(`GET ${script.target}`));
    client.halfClose();
    assert.equal((await client.readResponse()).body, "still here");
    assert.equal(await client.ended(), "fin");
  });

  test("gets a streamed answer to its end", async () => {
    const client = await connect();
    const script = new Script(["start", 200], ["body", "a", true], [
      "sleep",
      100,
    ], ["body", "b"]);
    client.send(request(`GET ${script.target}`));
    client.halfClose();
    const response = await client.readResponse();
    assert.deepEqual([response.body, response.isComplete], ["ab", true]);
  });

  test("gets a large answer to its end", async () => {
    const client = await connect();
    client.send(
      request(
        `GET ${
          new Script(["start", 200], ["flood", 50, 100_000], ["body"]).target
        }`,
      ),
    );
    client.halfClose();
    assert.equal((await client.readResponse()).body.length, 5_000_000);
  });

  test("with a body gets it echoed", async () => {
    const client = await connect();
    client.send(
      request(
        `POST ${new Script(["echo"]).target}`,
        ["Content-Length: 3"],
        "abc",
      ),
    );
    client.halfClose();
    assert.equal((await client.readResponse()).body, "abc");
  });

  test("is told to an application that waits, after some time, and may still be answered", async () => {
    const client = await connect();
    const script = new Script(["receive"], ["receive"], ...answer("after all"));
    client.send(request(`GET ${script.target}`));
    await script.seen(shared.server, /received 0 last/);
    client.halfClose();
    assert.equal((await client.readResponse()).body, "after all");
    assert.equal(
      (await script.notes(shared.server, 2))[1],
      "received disconnect",
    );
  });
});

test("--send-after-disconnect ignore makes send() after a disconnect silent (asgi:A-212)", () =>
  withServer(
    { app: SCRIPTED_APP, args: ["--send-after-disconnect", "ignore"] },
    async (server) => {
      const client = await RawClient.connect(server.target);
      const script = new Script(
        ["start", 200],
        ["body", "first", true],
        ["signal", "abort_signal"],
        ["try", {
          type: "http.response.body",
          body: "second",
          more_body: true,
        }],
        ["flood", 100, 100_000],
      );
      client.send(
        request(`POST ${script.target}`, ["Content-Length: 100000"], "x"),
      );
      await client.readUntil("first");
      client.reset();
      await script.seen(server, /flooded/);
      assert.equal((await script.notes(server, 2))[1], "sent");
    },
  ));
