/** What a peer cannot make large, and what happens at the edge (http:H-124). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { sharedServer, withServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--limit-request-head", "2000", "--timeout-keep-alive", "60"],
});

/** Reads the refusal and checks that the connection ends with it. */
async function refusal(client: RawClient): Promise<number> {
  const response = await client.readResponse();
  assert.equal(response.header("connection"), "close");
  assert.equal(
    response.body,
    response.status === 400 ? response.body : response.reason,
  );
  assert.equal(await client.ended(), "fin");
  client.close();
  return response.status;
}

describe("--limit-request-head (http:H-124)", () => {
  /** A request whose head has exactly that many bytes. */
  const headOf = (size: number) => {
    const bare = request("GET /", ["X-Fill: "]);
    return bare.replace(
      "X-Fill: ",
      `X-Fill: ${"x".repeat(size - bare.length)}`,
    );
  };

  for (
    const [where, size, status] of [["at", 2000, 200], [
      "below",
      1999,
      200,
    ]] as const
  ) {
    test(`a head ${where} the limit is served`, async () => {
      assert.equal(
        (await exchange(shared.server.target, headOf(size))).status,
        status,
      );
    });
  }

  test("a head above the limit gets 431", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(headOf(2001));
    assert.equal(await refusal(client), 431);
  });

  test("a head that has no end gets 431 without waiting for it", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(3000)}`);
    assert.equal(await refusal(client), 431);
  });

  test("every request of a connection gets the whole limit", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(headOf(1500).repeat(5));
    for (let count = 0; count < 5; count++) {
      assert.equal((await client.readResponse()).status, 200);
    }
    client.close();
  });

  test("a body does not count", async () => {
    const script = new Script(["readAll"], ...answer());
    const response = await exchange(
      shared.server.target,
      request(
        `POST ${script.target}`,
        ["Content-Length: 10000"],
        "x".repeat(10_000),
      ),
    );
    assert.equal(response.status, 200);
  });
});

describe("limits without an option", () => {
  const usual = sharedServer({ app: SCRIPTED_APP });

  test("a target that is too long gets 414", async () => {
    const { server } = usual;
    const client = await RawClient.connect(server.target);
    client.send(request(`GET /${"x".repeat(40_000)}`));
    assert.equal(await refusal(client), 414);
    const long = await exchange(
      server.target,
      request(`GET /${"x".repeat(8000)}`),
    );
    assert.equal(long.status, 200);
  });

  test("too many header fields get 431", async () => {
    const { server } = usual;
    const fields = (count: number) =>
      Array.from({ length: count }, (_, at) => `X-${at}: 1`);
    const client = await RawClient.connect(server.target);
    client.send(request("GET /", fields(1000)));
    assert.equal(await refusal(client), 431);
    const many = await exchange(server.target, request("GET /", fields(90)));
    assert.equal(many.status, 200);
  });

  test("too many trailer fields get 431", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(["echo"]);
    client.send(
      request(`POST ${script.target}`, ["Transfer-Encoding: chunked"], "0\r\n"),
    );
    client.send("X-T: 1\r\n".repeat(1000) + "\r\n");
    assert.equal(await refusal(client), 431);
  });

  test("a trailer section without end gets 431", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(["echo"]);
    client.send(
      request(`POST ${script.target}`, ["Transfer-Encoding: chunked"], "0\r\n"),
    );
    client.send(`X-T: ${"x".repeat(100_000)}`);
    assert.equal(await refusal(client), 431);
  });

  test("empty lines before a request have an end as well", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send("\r\n".repeat(100_000));
    const { bytes } = await client.readToEnd();
    assert.match(bytes, /^HTTP\/1\.1 4\d\d /);
    client.close();
  });
});

describe("time limits", () => {
  test("a peer that says nothing is closed without a word (http:H-002)", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--timeout-first-byte", "1"] },
      async (server) => {
        const client = await RawClient.connect(server.target);
        assert.deepEqual(await client.readToEnd(), { bytes: "", end: "fin" });
        client.close();
      },
    ));

  test("a head that does not end gets 408, and the server says so (http:H-003)", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--timeout-request-head", "1"] },
      async (server) => {
        const client = await RawClient.connect(server.target);
        client.send("GET / HTTP/1.1\r\nHost: a\r\n");
        assert.equal(await refusal(client), 408);
      },
    ));

  test("a body that stops gets 408, and the application a disconnect (http:H-039)", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--timeout-request-body", "1"] },
      async (server) => {
        const client = await RawClient.connect(server.target);
        const script = new Script(["untilDisconnect"]);
        client.send(
          request(`POST ${script.target}`, ["Content-Length: 10"], "abc"),
        );
        assert.equal(await refusal(client), 408);
        await script.seen(server, /received disconnect/);
      },
    ));
});

describe("--limit-concurrency (http:H-133, options:O-026)", () => {
  const narrow = sharedServer({
    app: SCRIPTED_APP,
    args: ["--limit-concurrency", "1"],
  });

  test("refuses with 503, does not call the application, and recovers", async () => {
    const { server } = narrow;
    const first = await RawClient.connect(server.target);
    const busy = new Script(["note", "busy"], ["sleep", 1], [
      "signal",
      "abort_signal",
    ]);
    first.send(request(`GET ${busy.target}`));
    await busy.seen(server, /busy/);

    const second = await RawClient.connect(server.target);
    const refused = new Script(["note", "called"], ...answer());
    second.send(
      request(`POST ${refused.target}`, ["Content-Length: 3"], "abc"),
    );
    const response = await second.readResponse();
    assert.equal(response.status, 503);
    assert.equal(
      response.header("content-type"),
      "text/plain; charset=utf-8",
    );
    assert.equal(response.header("content-length"), "19");
    assert.equal(response.header("connection"), "close");
    assert.match(response.header("retry-after")!, /^\d+$/);
    assert.equal(response.header("server"), "tricorn");
    assert.equal(response.body, "Service Unavailable");
    assert.equal(await second.ended(), "fin");
    second.close();
    await server.line("stderr", /WARNING: .*Exceeded concurrency limit\./);
    await server.line(
      "stdout",
      new RegExp(`${refused.id}.* 503 Service Unavailable`),
    );
    assert.ok(!server.stdout.includes(`app ${refused.id} called`));

    first.close();
    await busy.seen(server, /abort_signal/);
    assert.equal(
      (await exchange(server.target, request("GET /"))).status,
      200,
    );
  });

  test("two pipelined requests of the only client are both answered", async () => {
    const { server } = narrow;
    const client = await RawClient.connect(server.target);
    client.send(request("GET /").repeat(2));
    assert.equal((await client.readResponse()).status, 200);
    assert.equal((await client.readResponse()).status, 200);
    client.close();
  });

  test("does not count idle connections: they hold no application", async () => {
    const { server } = narrow;
    const idle = await Promise.all(
      [1, 2, 3].map(() => RawClient.connect(server.target)),
    );
    assert.equal((await idle[0]!.request(request("GET /"))).status, 200);
    assert.equal(
      (await exchange(server.target, request("GET /"))).status,
      200,
    );
    for (const client of idle) client.close();
  });
});

describe("--limit-max-requests (http:H-136, options:O-024)", () => {
  test("ends the process in good order with code 0", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--limit-max-requests", "2"] },
      async (server) => {
        assert.equal(
          (await exchange(server.target, request("GET /"))).status,
          200,
        );
        assert.equal(
          (await exchange(server.target, request("GET /"))).status,
          200,
        );
        assert.deepEqual(await server.end(), { code: 0, signal: null });
        await server.line(
          "stderr",
          /Maximum request limit of 2 exceeded\. Terminating process\./,
        );
        await server.line("stderr", /Finished server process/);
      },
    ));

  test("lets the request that is in progress finish", () =>
    withServer(
      { app: SCRIPTED_APP, args: ["--limit-max-requests", "1"] },
      async (server) => {
        const client = await RawClient.connect(server.target);
        const slow = new Script(
          ["note", "here"],
          ["signal", "drain_signal"],
          ...answer("finished"),
        );
        client.send(request(`GET ${slow.target}`));
        await slow.seen(server, /here/);
        await exchange(server.target, request("GET /"));
        assert.equal((await client.readResponse()).body, "finished");
        client.close();
        assert.equal((await server.end()).code, 0);
      },
    ));
});

test("--limit-concurrency-wait lets requests wait for their turn, then gives 503", async () => {
  await withServer({
    app: SCRIPTED_APP,
    args: ["--limit-concurrency", "1", "--limit-concurrency-wait", "1"],
  }, async (server) => {
    const [first, second, third] = await Promise.all([
      RawClient.connect(server.target),
      RawClient.connect(server.target),
      RawClient.connect(server.target),
    ]);
    const short = new Script(["note", "short"], ["sleep", 200], ...answer());
    first.send(request(`GET ${short.target}`));
    await short.seen(server, /short/);
    second.send(request("GET /second"));
    assert.equal((await first.readResponse()).status, 200);
    assert.equal((await second.readResponse()).status, 200);
    const long = new Script(["note", "long"], ["sleep", 30_000], ...answer());
    first.send(request(`GET ${long.target}`));
    await long.seen(server, /long/);
    third.send(request("GET /third"));
    const refused = await third.readResponse();
    assert.equal(refused.status, 503);
    assert.equal(refused.header("retry-after"), "1");
    for (const client of [first, second, third]) client.close();
  });
});

test("--timeout-request ends a request that takes longer", async () => {
  await withServer({
    app: SCRIPTED_APP,
    args: ["--timeout-request", "0.5"],
  }, async (server) => {
    const client = await RawClient.connect(server.target);
    const slow = new Script(["note", "slow"], ["sleep", 30_000], ...answer());
    client.send(request(`GET ${slow.target}`));
    assert.equal((await client.readResponse()).status, 503);
    await server.line("stderr", /not complete in time \(--timeout-request\)/);
    client.close();
  });
});
