/** Topics in one process: over requests, in lifespan, and from the program around the server. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AsgiApp, serve, type Topics } from "../../mod.ts";
import { ServerProcess, withServer } from "../_support/spawn_server.ts";
import { say, TopicListener } from "../_support/topic_client.ts";

describe("topics", () => {
  test("reach all subscribers of the process, text and octets, in their order", async () => {
    await withServer({ app: "topics:app" }, async (server) => {
      const listeners = await Promise.all(
        [1, 2, 3].map(() => TopicListener.open(server)),
      );
      await say(server, "one");
      await say(server, "octets");
      await say(server, "three");
      for (const listener of listeners) {
        await listener.until("three");
        assert.deepEqual(listener.lines, ["one", "octets 0,255", "three"]);
      }
      for (const listener of listeners) listener.close();
    });
  });

  test("end their subscriptions with the server", async () => {
    await withServer({ app: "topics:app" }, async (server) => {
      const listener = await TopicListener.open(server);
      server.signal("SIGTERM");
      await listener.until("(end)");
      await server.end();
    });
  });

  test("are a program's too, before, while and after it serves", async () => {
    const heard: string[] = [];
    let topics: Topics | undefined;
    const app: AsgiApp = (scope, _receive, send) => {
      if (scope.type !== "http") return Promise.resolve();
      topics = scope.extensions.topics;
      return send({ type: "http.response.start", status: 204 }).then(() =>
        send({ type: "http.response.body" })
      );
    };
    const server = serve(app, { port: 0, logLevel: "critical" });
    const room = await server.topics.subscribe("room");
    const listening = (async () => {
      for await (const message of room) heard.push(String(message));
    })();
    await server.listening;
    await fetch(server.url!);
    assert.equal(topics, server.topics);
    server.topics.publish("room", "hello");
    await server.stop();
    await listening;
    assert.deepEqual(heard, ["hello"]);
    server.topics.publish("room", "nobody");
  });

  test("tell in the log of a subscriber that does not keep up", async () => {
    await withServer({ app: "topics:app" }, async (server) => {
      const listener = await TopicListener.open(server);
      listener.stopReading();
      const text = "x".repeat(200_000);
      // Until the kernel, the server and the queue are full.
      while (!server.stderr.some((line) => /does not keep up/.test(line))) {
        await say(server, text);
      }
      assert.ok(
        server.stderr.includes(
          'WARNING:  A subscriber of topic "room" does not keep up: its oldest messages are dropped',
        ),
      );
      listener.close();
      await server.line("stderr", /has lost \d+ messages?$/);
    });
  });

  test("are refused with a wrong --channels in one line, code 2, without the password", async () => {
    for (
      const [url, problem] of [
        [
          "http://me:secret@host",
          "'http:…' is not a URL that begins with redis://, rediss://, nats:// or tls://.",
        ],
        ["redis://", "'redis:…' names no host."],
        [
          "secret",
          "'secret' is not a URL that begins with redis://, rediss://, nats:// or tls://.",
        ],
      ] as const
    ) {
      const server = new ServerProcess({
        app: "topics:app",
        args: ["--channels", url],
      });
      assert.equal((await server.end()).code, 2);
      assert.equal(
        server.stderr.at(-1),
        `Error: Invalid value for '--channels': ${problem}`,
      );
    }
  });
});
