/** Draining, forcing, and how the process ends (http:H-137 to H-145). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, pause, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { type ServerProcess, withServer } from "../_support/spawn_server.ts";

const serve = (
  use: (server: ServerProcess) => Promise<void>,
  ...args: string[]
) => withServer({ app: SCRIPTED_APP, args }, use);

/** Starts a request that stays in progress until the server drains. */
async function busyClient(
  server: ServerProcess,
  script: Script,
): Promise<RawClient> {
  const client = await RawClient.connect(server.target);
  client.send(request(`GET ${script.target}`));
  await script.seen(server, /here/);
  return client;
}

/** Connects until that fails: the kernel may take a last one while the listener closes. */
async function connectAfter(server: ServerProcess): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    const client = await RawClient.connect(server.target);
    client.reset();
    await pause(5);
  }
}

describe("a server without work", () => {
  test("ends by SIGINT with code 0 (options:X-001)", () =>
    serve(async (server) => {
      server.signal("SIGINT");
      assert.deepEqual(await server.end(), { code: 0, signal: null });
    }));

  test("ends by SIGTERM as if by SIGTERM, after an orderly end (options:X-005, process:P-039)", () =>
    serve(async (server) => {
      server.signal("SIGTERM");
      assert.deepEqual(await server.end(), { code: null, signal: "SIGTERM" });
      assert.match(server.output, /Finished server process/);
    }));

  test("closes idle connections, new, used and half a head, nothing written (http:H-137, process:P-042)", () =>
    serve(async (server) => {
      const fresh = await RawClient.connect(server.target);
      const used = await RawClient.connect(server.target);
      await used.request(request("GET /"));
      const half = await RawClient.connect(server.target);
      await half.sendAll("GET / HTTP/1.1\r\nHos");
      await exchange(server.target, request("GET /"));
      server.signal("SIGINT");
      for (const client of [fresh, used, half]) {
        assert.equal((await client.readToEnd()).bytes, "");
        client.close();
      }
      assert.equal((await server.end()).code, 0);
    }));
});

describe("a server with a request in progress", () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    test(`finishes it after ${signal} and refuses new connections meanwhile (http:H-138, H-139)`, () =>
      serve(async (server) => {
        const script = new Script(
          ["note", "here"],
          ["signal", "drain_signal"],
          ["sleep", 700],
          ...answer("finished"),
        );
        const client = await busyClient(server, script);
        server.signal(signal);
        await script.seen(server, /drain_signal/);
        await assert.rejects(connectAfter(server), /ECONNREFUSED/);
        assert.equal((await client.readResponse()).body, "finished");
        client.close();
        await server.end();
      }));
  }

  test("lets it end by its drain signal and answers with connection: close (http:H-138, asgi:A-245)", () =>
    serve(async (server) => {
      const script = new Script(
        ["note", "here"],
        ["signal", "drain_signal"],
        ...answer("finished"),
      );
      const client = await busyClient(server, script);
      server.signal("SIGINT");
      const response = await client.readResponse();
      assert.equal(response.body, "finished");
      assert.equal(response.header("connection"), "close");
      assert.equal(await client.ended(), "fin");
      client.close();
      assert.deepEqual(await server.end(), { code: 0, signal: null });
    }));

  test("lets a stream that has begun end in order (asgi:A-245)", () =>
    serve(async (server) => {
      const script = new Script(
        ["start", 200],
        ["body", "begun ", true],
        ["note", "here"],
        ["signal", "drain_signal"],
        ["body", "ended"],
      );
      const client = await busyClient(server, script);
      server.signal("SIGINT");
      const response = await client.readResponse();
      assert.deepEqual([response.body, response.isComplete], [
        "begun ended",
        true,
      ]);
      client.close();
      assert.equal((await server.end()).code, 0);
    }));

  test("does not tell it by a disconnect (process:P-049)", () =>
    serve(async (server) => {
      const script = new Script(
        ["note", "here"],
        ["signal", "drain_signal"],
        ["probeSignal"],
        ...answer("finished"),
      );
      const client = await busyClient(server, script);
      server.signal("SIGINT");
      assert.equal((await client.readResponse()).body, "finished");
      assert.ok((await script.notes(server, 3)).includes("signal quiet"));
      client.close();
    }));

  test("drops what is pipelined behind it (http:H-140)", () =>
    serve(async (server) => {
      const script = new Script(
        ["note", "here"],
        ["signal", "drain_signal"],
        ...answer("first"),
      );
      const queued = new Script(["note", "called"], ...answer("second"));
      const client = await busyClient(server, script);
      await client.sendAll(request(`GET ${queued.target}`));
      await exchange(server.target, request("GET /"));
      server.signal("SIGINT");
      const { bytes } = await client.readToEnd();
      assert.ok(bytes.includes("first") && !bytes.includes("second"), bytes);
      assert.equal((await server.end()).code, 0);
      assert.ok(!server.stdout.includes(`app ${queued.id} called`));
      client.close();
    }));

  test("reads the rest of its body (http:H-143)", () =>
    serve(async (server) => {
      const client = await RawClient.connect(server.target);
      const script = new Script(
        ["receive"],
        ["receive"],
        ...answer("all of it"),
      );
      client.send(
        request(`POST ${script.target}`, ["Content-Length: 6"], "abc"),
      );
      await script.seen(server, /received 3 more/);
      server.signal("SIGINT");
      await server.line("stderr", /Shutting down/);
      client.send("def");
      assert.equal((await client.readResponse()).body, "all of it");
      client.close();
      assert.equal((await server.end()).code, 0);
    }));

  test("says that it waits (process:P-043)", () =>
    serve(async (server) => {
      const script = new Script(["note", "here"], ["signal", "abort_signal"]);
      const client = await busyClient(server, script);
      server.signal("SIGINT");
      await server.line(
        "stderr",
        /INFO: {5}Waiting for connections to close\. \(CTRL\+C to force quit\)/,
      );
      client.reset();
      assert.equal((await server.end()).code, 0);
    }));

  test("waits for background work after the answer (http:H-144, process:P-044)", () =>
    serve(async (server) => {
      const script = new Script(
        ...answer("early"),
        ["note", "here"],
        ["signal", "drain_signal"],
        ["sleep", 2000],
        ["note", "cleaned up"],
      );
      const client = await busyClient(server, script);
      assert.equal((await client.readResponse()).body, "early");
      client.close();
      server.signal("SIGINT");
      await server.line("stderr", /Waiting for background tasks to complete\./);
      assert.equal((await server.end()).code, 0);
      assert.ok((await script.notes(server, 3)).includes("cleaned up"));
    }));
});

describe("--timeout-graceful-shutdown (http:H-141, process:P-045)", () => {
  test("cuts a request off: 500, abort signal, a line that counts", () =>
    serve(
      async (server) => {
        const script = new Script(
          ["note", "here"],
          ["signal", "abort_signal"],
          ["sleep", 60_000],
        );
        const client = await busyClient(server, script);
        server.signal("SIGINT");
        const response = await client.readResponse();
        assert.equal(response.status, 500);
        assert.equal(response.header("connection"), "close");
        client.close();
        await server.line(
          "stderr",
          /INFO: {5}Cut off by the shutdown: 1 connection .* and 1 running task\. \(timeout graceful shutdown exceeded\)/,
        );
        assert.match(
          await script.seen(server, /abort_signal/),
          /TimeoutError: .*graceful shutdown/,
        );
        assert.equal((await server.end()).code, 0);
        assert.match(server.output, /Finished server process/); // process:P-032
        assert.doesNotMatch(server.output, /ERROR/);
      },
      "--timeout-graceful-shutdown",
      "1",
    ));

  test("cuts a stream that has begun off without a clean end", () =>
    serve(
      async (server) => {
        const script = new Script(
          ["start", 200],
          ["body", "begun", true],
          ["note", "here"],
          ["signal", "abort_signal"],
        );
        const client = await busyClient(server, script);
        server.signal("SIGTERM");
        const { bytes } = await client.readToEnd();
        assert.ok(
          bytes.includes("begun") && !bytes.includes("0\r\n\r\n"),
          bytes,
        );
        client.close();
        assert.deepEqual(await server.end(), { code: null, signal: "SIGTERM" });
      },
      "--timeout-graceful-shutdown",
      "1",
    ));

  test("of 0 cuts off at once", () =>
    serve(
      async (server) => {
        const script = new Script(["note", "here"], ["sleep", 60_000]);
        const client = await busyClient(server, script);
        server.signal("SIGINT");
        assert.equal((await client.readResponse()).status, 500);
        client.close();
        assert.equal((await server.end()).code, 0);
      },
      "--timeout-graceful-shutdown",
      "0",
    ));

  test("ends although the application never stops", () =>
    serve(
      async (server) => {
        const script = new Script(["note", "here"], ["wait", "never"]);
        const client = await busyClient(server, script);
        server.signal("SIGINT");
        await server.end();
        client.close();
      },
      "--timeout-graceful-shutdown",
      "1",
    ));
});

describe("a second signal (process:P-037, asgi:A-168)", () => {
  for (
    const [first, second] of [["SIGINT", "SIGINT"], [
      "SIGTERM",
      "SIGINT",
    ]] as const
  ) {
    test(`${first}, then ${second}: cuts everything off`, () =>
      serve(async (server) => {
        const script = new Script(["note", "here"], ["wait", "never"]);
        const client = await busyClient(server, script);
        server.signal(first);
        await server.line("stderr", /Waiting for connections to close/);
        server.signal(second);
        await client.ended();
        client.close();
        const end = await server.end();
        if (first === "SIGTERM") assert.equal(end.signal, "SIGTERM");
      }));
  }
});
