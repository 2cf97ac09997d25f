/** Trailers, early hints, files by path, signals. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  exchange,
  latin1,
  RawClient,
  request,
} from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP, type Step } from "../_support/script.ts";
import { sharedServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60", "--early-hints"],
});

const start = (more: object = {}): Step => [
  "send",
  { type: "http.response.start", status: 200, ...more },
];
const trailers = (
  headers: readonly (readonly [string, string])[],
  more = false,
): Step => [
  "send",
  { type: "http.response.trailers", headers, more_trailers: more },
];

describe("http.response.trailers (asgi:A-075, A-174 to A-180, http:H-078)", () => {
  const ask = (steps: readonly Step[], headers = ["TE: trailers"]) =>
    exchange(
      shared.server.target,
      request(`GET ${new Script(...steps).target}`, headers),
    );

  test("follow the last chunk", async () => {
    const response = await ask([
      start({ trailers: true }),
      ["body", "a", true],
      ["body", "b"],
      trailers([["X-Sum", "1"], ["x-sum", "2"]]),
    ]);
    assert.deepEqual(response.chunks, ["a", "b"]);
    assert.deepEqual(response.trailers, [["x-sum", "1"], ["x-sum", "2"]]);
  });

  test("force chunks even for one piece (asgi:A-179)", async () => {
    const response = await ask([
      start({ trailers: true }),
      ["body", "a"],
      trailers([["x", "1"]]),
    ]);
    assert.equal(response.framing, "chunked");
    assert.deepEqual(response.trailers, [["x", "1"]]);
  });

  test("may come in several messages (asgi:A-176)", async () => {
    const response = await ask([
      start({ trailers: true }),
      ["body", "a"],
      trailers([["x", "1"]], true),
      trailers([["y", "2"]]),
    ]);
    assert.deepEqual(response.trailers, [["x", "1"], ["y", "2"]]);
  });

  for (
    const te of [["TE: gzip, Trailers"], ["TE: trailers;q=0.5"], [
      "TE: x",
      "TE: trailers",
    ]]
  ) {
    test(`are sent for ${te.join(" and ")} (asgi:A-177)`, async () => {
      const response = await ask(
        [start({ trailers: true }), ["body", "a"], trailers([["x", "1"]])],
        te,
      );
      assert.equal(response.body, "a");
      if (te[0]!.includes("q=")) return; // a weight is odd, and either answer is right
      assert.deepEqual(response.trailers, [["x", "1"]]);
    });
  }

  for (const te of [[], ["TE: gzip"], ["TE: notrailers"]]) {
    test(`are taken and dropped for ${te[0] ?? "no TE"} (asgi:A-177)`, async () => {
      const response = await ask(
        [start({ trailers: true }), ["body", "a"], trailers([["x", "1"]])],
        te,
      );
      assert.deepEqual([response.body, response.trailers], ["a", []]);
      assert.equal(response.isComplete, true);
    });
  }

  test("leave the connection open", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      start({ trailers: true }),
      ["body", "a"],
      trailers([["x", "1"]]),
    );
    client.send(request(`GET ${script.target}`, ["TE: trailers"]));
    assert.deepEqual((await client.readResponse()).trailers, [["x", "1"]]);
    assert.equal((await client.request(request("GET /"))).status, 200);
    client.close();
  });

  for (
    const name of [
      "content-length",
      "Transfer-Encoding",
      "host",
      "trailer",
      ":path",
      "a b",
    ]
  ) {
    test(`"${name}" is no trailer (asgi:A-180)`, async () => {
      const script = new Script(
        start({ trailers: true }),
        ["body", "a"],
        ["try", { type: "http.response.trailers", headers: [[name, "1"]] }],
        trailers([]),
      );
      const response = await exchange(
        shared.server.target,
        request(`GET ${script.target}`, ["TE: trailers"]),
      );
      assert.deepEqual(response.trailers, []);
      assert.match(
        await script.seen(shared.server, /rejected/),
        /InvalidEventError/,
      );
    });
  }

  test("promised and not sent cut the response off (asgi:A-090)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(start({ trailers: true }), ["body", "a"], [
      "return",
    ]);
    client.send(request(`GET ${script.target}`, ["TE: trailers"]));
    const { bytes } = await client.readToEnd();
    assert.ok(!bytes.includes("0\r\n\r\n") && !bytes.endsWith("0\r\n"), bytes);
    client.close();
  });
});

describe("http.response.early_hint (asgi:A-181 to A-183, http:H-079)", () => {
  const hint = (
    ...links: string[]
  ): Step => ["send", { type: "http.response.early_hint", links }];

  test("is a 103 with link headers before the response, repeatable", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      hint("</a.css>; rel=preload", "</b.js>; rel=preload"),
      hint("</c>; rel=preconnect"),
      ...answer("final"),
    );
    client.send(request(`GET ${script.target}`));
    const first = await client.readResponse();
    assert.equal(first.rawHead.split("\r\n")[0], "HTTP/1.1 103 Early Hints");
    assert.deepEqual(first.all("link"), [
      "</a.css>; rel=preload",
      "</b.js>; rel=preload",
    ]);
    assert.deepEqual((await client.readResponse()).all("link"), [
      "</c>; rel=preconnect",
    ]);
    assert.equal((await client.readResponse()).body, "final");
    assert.equal((await client.request(request("GET /"))).status, 200);
    client.close();
  });

  test("does not wait for the response", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      hint("</a>"),
      ["wait", "hinted"],
      ...answer("final"),
    );
    client.send(request(`GET ${script.target}`));
    assert.equal((await client.readResponse()).status, 103);
    await exchange(shared.server.target, request("GET /release?hinted"));
    assert.equal((await client.readResponse()).body, "final");
    client.close();
  });

  test("after a start that has not left still comes first", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      ["start", 200, [["x", "1"]]],
      hint("</a>"),
      ["body", "final"],
    );
    client.send(request(`GET ${script.target}`));
    const first = await client.readResponse();
    // Whether it was still in time is the application's scheduling; never is it out of order.
    const last = first.status === 103 ? await client.readResponse() : first;
    assert.deepEqual([last.status, last.header("x"), last.body], [
      200,
      "1",
      "final",
    ]);
    client.close();
  });

  test("is not for HTTP/1.0", async () => {
    const script = new Script(["try", {
      type: "http.response.early_hint",
      links: ["</a>"],
    }], [
      "start",
      200,
    ], ["body", "final"]);
    const response = await exchange(
      shared.server.target,
      `GET ${script.target} HTTP/1.0\r\n\r\n`,
    );
    assert.deepEqual([response.status, response.body], [200, "final"]);
    assert.match(
      await script.seen(shared.server, /rejected/),
      /InvalidEventError/,
    );
  });

  test("with a line end in it is refused (header splitting)", async () => {
    const message = {
      type: "http.response.early_hint",
      links: ["</a>\r\nx: y"],
    };
    const script = new Script(["try", message], ...answer());
    const response = await exchange(
      shared.server.target,
      request(`GET ${script.target}`),
    );
    assert.equal(response.status, 200);
    assert.match(
      await script.seen(shared.server, /rejected/),
      /InvalidEventError/,
    );
  });
});

describe("http.response.informational (asgi:A-247)", () => {
  const inform = (status: number, ...headers: [string, string][]): Step => [
    "send",
    { type: "http.response.informational", status, headers },
  ];

  test("is an interim response before the final one, repeatable", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      inform(102),
      inform(103, ["link", "</a>"], ["x-stage", "1"]),
      ...answer("final"),
    );
    client.send(request(`GET ${script.target}`));
    assert.equal((await client.readResponse()).status, 102);
    const hint = await client.readResponse();
    assert.deepEqual([hint.status, hint.header("x-stage")], [103, "1"]);
    assert.equal((await client.readResponse()).body, "final");
    client.close();
  });

  for (const status of [100, 101, 200, "103"]) {
    test(`refuses the status ${JSON.stringify(status)}`, async () => {
      const message = { type: "http.response.informational", status };
      const script = new Script(["try", message], ...answer());
      const response = await exchange(
        shared.server.target,
        request(`GET ${script.target}`),
      );
      assert.equal(response.status, 200);
      assert.match(
        await script.seen(shared.server, /rejected/),
        /InvalidEventError/,
      );
    });
  }
});

describe("http.response.pathsend (asgi:A-184 to A-190, A-248)", () => {
  let folder = "";
  let small = "";
  let large = "";
  const content = new Uint8Array(3_000_000).map((_, at) =>
    (at * 7 + (at >> 10)) & 0xff
  );

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "tricorn-files-"));
    small = join(folder, "small.txt");
    large = join(folder, "large.bin");
    writeFileSync(small, "0123456789");
    writeFileSync(large, content);
    writeFileSync(join(folder, "empty"), "");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const file = (path: string, more: object = {}): Step => [
    "send",
    { type: "http.response.pathsend", path, ...more },
  ];
  const ask = (steps: readonly Step[], method = "GET") =>
    exchange(
      shared.server.target,
      request(`${method} ${new Script(...steps).target}`),
    );

  test("sends the file and adds its size (asgi:A-186)", async () => {
    const response = await ask([["start", 200], file(small)]);
    assert.equal(response.header("content-length"), "10");
    assert.equal(response.body, "0123456789");
  });

  test("sends a large file whole, and the connection goes on", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(
      request(`GET ${new Script(["start", 200], file(large)).target}`),
    );
    const response = await client.readResponse();
    assert.equal(response.header("content-length"), `${content.length}`);
    assert.ok(response.body === latin1(content));
    assert.equal((await client.request(request("GET /"))).status, 200);
    client.close();
  });

  test("sends an empty file", async () => {
    const response = await ask([["start", 200], file(join(folder, "empty"))]);
    assert.deepEqual([response.header("content-length"), response.body], [
      "0",
      "",
    ]);
  });

  for (
    const [behaviour, range, body] of [
      ["from an offset", { offset: 4 }, "456789"],
      ["a count", { count: 3 }, "012"],
      ["both", { offset: 2, count: 5 }, "23456"],
      ["a count past the end", { offset: 8, count: 50 }, "89"],
      ["an offset past the end", { offset: 50 }, ""],
      ["nothing", { count: 0 }, ""],
    ] as const
  ) {
    test(`sends a range: ${behaviour} (asgi:A-248)`, async () => {
      const response = await ask([["start", 206], file(small, range)]);
      assert.deepEqual([response.header("content-length"), response.body], [
        `${body.length}`,
        body,
      ]);
    });
  }

  test("never sends more than a content-length that was given (asgi:A-189)", async () => {
    const response = await ask([
      ["start", 200, [["content-length", "4"]]],
      file(small),
    ]);
    assert.equal(response.body, "0123");
  });

  test("that finds the file too short for its content-length is an error (asgi:A-189)", async () => {
    const response = await ask([
      ["start", 200, [["content-length", "400"]]],
      file(small),
    ]);
    assert.ok(response.status === 500 || !response.isComplete);
  });

  test("answers HEAD as GET, without the file (RFC 9110 §9.3.2)", async () => {
    for (
      const [more, length] of [
        [{}, "10"],
        [{ offset: 4 }, "6"],
        [{ offset: 4, count: 3 }, "3"],
        [{ offset: 99 }, "0"],
      ] as const
    ) {
      for (const method of ["HEAD", "GET"]) {
        const response = await ask([["start", 200], file(small, more)], method);
        assert.equal(response.header("content-length"), length, method);
        assert.equal(response.body.length, method === "GET" ? +length : 0);
      }
    }
  });

  test("of a missing file lets HEAD have another answer too", async () => {
    const steps: Step[] = [
      ["start", 200],
      ["try", {
        type: "http.response.pathsend",
        path: join(folder, "missing"),
      }],
      ["start", 404, [["content-length", "9"]]],
      ["body", "not there"],
    ];
    for (const method of ["HEAD", "GET"]) {
      const response = await ask(steps, method);
      assert.equal(response.status, 404);
      assert.equal(response.header("content-length"), "9");
    }
  });

  test("of a missing file rejects while another answer is possible (asgi:A-187)", async () => {
    const script = new Script(
      ["start", 200],
      ["try", {
        type: "http.response.pathsend",
        path: join(folder, "missing"),
      }],
      ["start", 404],
      ["body", "not there"],
    );
    const response = await exchange(
      shared.server.target,
      request(`GET ${script.target}`),
    );
    assert.deepEqual([response.status, response.body], [404, "not there"]);
    assert.match(
      await script.seen(shared.server, /rejected/),
      /ENOENT|not found|No such file/i,
    );
  });

  test("of a missing file is a 500 if nobody catches it", async () => {
    assert.equal(
      (await ask([["start", 200], file(join(folder, "missing"))])).status,
      500,
    );
  });

  test("of a directory is a 500", async () => {
    assert.equal((await ask([["start", 200], file(folder)])).status, 500);
  });

  test("of a relative path is an InvalidEventError (asgi:A-188)", async () => {
    const script = new Script(
      ["start", 200],
      ["try", { type: "http.response.pathsend", path: "small.txt" }],
      ["body", "instead"],
    );
    const response = await exchange(
      shared.server.target,
      request(`GET ${script.target}`),
    );
    assert.equal(response.body, "instead");
    assert.match(
      await script.seen(shared.server, /rejected/),
      /InvalidEventError/,
    );
  });

  test("before the start is an UnexpectedEventError", async () => {
    const script = new Script(
      ["try", { type: "http.response.pathsend", path: small }],
      ...answer(),
    );
    await exchange(shared.server.target, request(`GET ${script.target}`));
    assert.match(
      await script.seen(shared.server, /rejected/),
      /UnexpectedEventError/,
    );
  });

  test("to a client that leaves ends with ClientDisconnected", async () => {
    const client = await RawClient.connect(shared.server.target);
    const huge = join(folder, "huge.bin");
    writeFileSync(huge, new Uint8Array(64 * 1024 * 1024));
    const script = new Script(["start", 200], [
      "try",
      { type: "http.response.pathsend", path: huge },
    ]);
    client.send(request(`GET ${script.target}`));
    await client.readUntil("\r\n\r\n");
    client.reset();
    assert.match(
      await script.seen(shared.server, /rejected/),
      /ClientDisconnected/,
    );
  });
});

describe("abort_signal (asgi:A-244)", () => {
  test("is not raised by an answer that ends well", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(["probeSignal"], ...answer(), ["sleep", 50], [
      "probeSignal",
    ]);
    await client.request(request(`GET ${script.target}`));
    await client.request(request("GET /"));
    assert.deepEqual(await script.notes(shared.server, 2), [
      "signal quiet",
      "signal quiet",
    ]);
    client.close();
  });

  test("can be looked at only after the client left, and is raised then", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(["receive"], ["receive"], [
      "signal",
      "abort_signal",
    ]);
    client.send(request(`GET ${script.target}`));
    await script.seen(shared.server, /received 0 last/);
    client.reset();
    assert.match(
      await script.seen(shared.server, /abort_signal/),
      /ClientDisconnected/,
    );
  });
});
