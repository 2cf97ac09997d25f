import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpApp } from "../../../src/asgi.ts";
import type { FakeSocket } from "../../_support/fake_socket.ts";
import { RECORD } from "../../_support/request_records.ts";
import { answering, gate, Harness } from "../../_support/harness.ts";

const GET = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/** Reads the whole body and answers with it. */
const echo: HttpApp = async (_scope, receive, send) => {
  let text = "";
  for (;;) {
    const event = await receive();
    if (event.type === "http.disconnect") return;
    text += new TextDecoder().decode(event.body);
    if (!event.more_body) break;
  }
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: text });
};

/** Answers at once and never reads. */
const early = answering("early");

describe("keep-alive and close", () => {
  test("Http1Connection answers one request after another (http:H-082)", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    for (let i = 0; i < 3; i++) {
      socket.receive(GET);
      await harness.turn();
      assert.equal(socket.takeText(), OK);
    }
    assert.equal(socket.hasEnded, false);
  });

  test("Http1Connection sends head and body in one write (asgi:A-076)", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    assert.equal(socket.writes.length, 1);
  });

  for (
    const [behavior, request, keeps] of [
      ["keeps HTTP/1.1", "GET / HTTP/1.1\r\nhost: a\r\n\r\n", true],
      [
        "closes for Connection: close",
        "GET / HTTP/1.1\r\nhost: a\r\nConnection: close\r\n\r\n",
        false,
      ],
      [
        "closes for close in a list, any case",
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: foo, CLOSE\r\n\r\n",
        false,
      ],
      ["closes HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", false],
      [
        "keeps HTTP/1.0 with keep-alive",
        "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
        true,
      ],
      [
        "closes HTTP/1.0 with keep-alive and close",
        "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
        false,
      ],
    ] as const
  ) {
    test(`Http1Connection ${behavior} (http:H-043, H-088)`, async () => {
      const harness = new Harness(answering("ok"));
      const socket = harness.connect();
      socket.receive(request);
      await harness.turn();
      assert.match(socket.text, /^HTTP\/1\.1 200 OK\r\n/);
      assert.equal(/\r\nconnection: close\r\n/.test(socket.text), !keeps);
      const isTold = keeps && request.includes("HTTP/1.0");
      assert.equal(/connection: keep-alive\r\n/.test(socket.text), isTold);
      assert.equal(socket.hasEnded, !keeps);
    });
  }

  test("HTTP/1.0 that is kept may ask again, and is closed after a body of unknown length", async () => {
    const harness = new Harness(async (scope, _receive, send) => {
      const hasMore = scope.path === "/stream";
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: hasMore });
      if (hasMore) await send({ type: "http.response.body", body: "b" });
    });
    const socket = harness.connect();
    const ask = async (path: string) => {
      socket.receive(`GET ${path} HTTP/1.0\r\nconnection: keep-alive\r\n\r\n`);
      await harness.turn();
      return socket.takeText();
    };
    const kept =
      "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\na";
    assert.equal(await ask("/"), kept);
    assert.equal(await ask("/"), kept);
    assert.equal(socket.hasEnded, false);
    assert.equal(
      await ask("/stream"),
      "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nab",
    );
    assert.equal(socket.hasEnded, true);
  });

  test("HTTP/1.0 that is kept is told of draining", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    harness.tracker.startDraining();
    socket.receive("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n");
    await harness.turn();
    assert.match(socket.text, /\r\nconnection: close\r\n/);
    assert.equal(socket.hasEnded, true);
  });

  test("Http1Connection obeys an application's connection: close without doubling it (http:H-090)", async () => {
    const harness = new Harness(answering("ok", [["Connection", "Close"]]));
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    assert.equal(socket.text.match(/connection:/gi)?.length, 1);
    assert.equal(socket.hasEnded, true);
  });

  test("Http1Connection closes an idle connection after the keep-alive time, silently (http:H-083)", async () => {
    const harness = new Harness(answering("ok"), {
      settings: { keepAliveMs: 5_000 },
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    socket.takeText();
    harness.clock.advance(4_900);
    assert.equal(socket.isClosed, false);
    harness.clock.advance(700);
    assert.equal(socket.isClosed, true);
    assert.equal(socket.text, "");
  });

  test("a keep-alive time armed for one response never ends a later request (wishes:R-001)", async () => {
    const { promise, resolve } = gate();
    let calls = 0;
    const harness = new Harness(async (scope, receive, send) => {
      if (calls++ > 0) await promise;
      await answering("ok")(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    harness.clock.advance(4_000);
    socket.receive(GET);
    await harness.turn();
    harness.clock.advance(60_000);
    assert.equal(socket.isClosed, false);
    resolve();
    await harness.turn();
    assert.equal(socket.text, OK + OK);
  });

  test("Http1Connection closes after each response when keep-alive is 0 (options:O-047)", async () => {
    const harness = new Harness(answering("ok"), {
      settings: { keepAliveMs: 0 },
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    assert.match(socket.text, /\r\nconnection: close\r\n/);
    assert.equal(socket.hasEnded, true);
  });

  test("Http1Connection gives a closing peer two seconds, then destroys", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive("GET / HTTP/1.0\r\n\r\n");
    await harness.turn();
    assert.equal(socket.isClosed, false);
    harness.clock.advance(3_000);
    assert.equal(socket.isClosed, true);
  });
});

describe("pipelining", () => {
  test("Http1Connection answers pipelined requests in order, in one write (http:H-093)", async () => {
    const harness = new Harness(async (scope, receive, send) => {
      await answering(scope.path)(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(
      ["/p1", "/p2", "/p3"].map((path) =>
        `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`
      ).join(""),
    );
    await harness.turn();
    assert.deepEqual(socket.text.match(/\/p\d/g), ["/p1", "/p2", "/p3"]);
    assert.equal(socket.writes.length, 1);
  });

  test("Http1Connection starts the next request only after the last response is complete", async () => {
    const { promise, resolve } = gate();
    const seen: string[] = [];
    const harness = new Harness(async (scope, receive, send) => {
      seen.push(scope.path);
      if (scope.path === "/p1") await promise;
      await answering(scope.path)(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(
      "GET /p1 HTTP/1.1\r\nhost: a\r\n\r\nGET /p2 HTTP/1.1\r\nhost: a\r\n\r\n",
    );
    await harness.turn();
    assert.deepEqual(seen, ["/p1"]);
    resolve();
    await harness.turn();
    assert.deepEqual(seen, ["/p1", "/p2"]);
    assert.deepEqual(socket.text.match(/\/p\d/g), ["/p1", "/p2"]);
  });

  test("Http1Connection starts the next request though the last application still runs (http:H-094)", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await answering(scope.path)(scope, receive, send);
      if (scope.path === "/p1") await promise;
    });
    const socket = harness.connect();
    socket.receive(
      "GET /p1 HTTP/1.1\r\nhost: a\r\n\r\nGET /p2 HTTP/1.1\r\nhost: a\r\n\r\n",
    );
    await harness.turn();
    assert.deepEqual(socket.text.match(/\/p\d/g), ["/p1", "/p2"]);
    assert.equal(harness.tracker.detachedCalls.size, 1);
    resolve();
    await harness.turn();
    assert.equal(harness.tracker.detachedCalls.size, 0);
    assert.equal(harness.tracker.runningCalls, 0);
  });

  test("Http1Connection does not keep an early answer for a slow pipelined one", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      if (scope.path === "/p2") await promise;
      await answering(scope.path)(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(
      "GET /p1 HTTP/1.1\r\nhost: a\r\n\r\nGET /p2 HTTP/1.1\r\nhost: a\r\n\r\n",
    );
    await harness.turn();
    assert.deepEqual(socket.text.match(/\/p\d/g), ["/p1"]);
    resolve();
    await harness.turn();
  });

  test("Http1Connection answers a good request before it refuses the garbage behind it (wishes:R-004)", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive(GET + "garbage\r\n\r\n");
    await harness.turn();
    assert.ok(socket.text.startsWith(OK));
    assert.match(
      socket.text.slice(OK.length),
      /^HTTP\/1\.1 400 Bad Request\r\n/,
    );
    assert.equal(socket.hasEnded, true);
  });

  test("Http1Connection ignores what follows Connection: close (wishes:R-018)", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive(
      "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nnonsense" + GET,
    );
    await harness.turn();
    assert.equal(socket.text.match(/HTTP\/1\.1/g)?.length, 1);
    assert.equal(harness.requests.length, 1);
  });

  test("Http1Connection takes ten thousand pipelined requests without deep recursion", async () => {
    const harness = new Harness(async (_scope, _receive, send) => {
      void send({ type: "http.response.start", status: 204 });
      void send({ type: "http.response.body" });
    });
    const socket = harness.connect();
    for (let i = 0; i < 100; i++) {
      socket.receive(GET.repeat(100));
      await harness.turn();
    }
    assert.equal(socket.text.match(/HTTP\/1\.1 204/g)?.length, 10_000);
  });

  test("Http1Connection stops answering a peer that pipelines and does not read", async () => {
    const body = "x".repeat(40_000);
    const harness = new Harness(answering(body));
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive(GET.repeat(50));
    await harness.turn();
    assert.ok(
      harness.tracker.totalRequests <= 3,
      `answered ${harness.tracker.totalRequests}`,
    );
    for (let i = 0; i < 60; i++) {
      socket.drain();
      await harness.turn();
    }
    assert.equal(harness.tracker.totalRequests, 50);
  });

  test("Http1Connection answers a thousand pipelined requests that read their bodies", async () => {
    const harness = new Harness(echo);
    const socket = harness.connect();
    socket.receive(GET.repeat(1000));
    for (let i = 0; i < 50; i++) await harness.turn();
    assert.equal(socket.text.split("HTTP/1.1 200 OK").length - 1, 1000);
    assert.equal(harness.tracker.runningCalls, 0);
  });

  test("every send() returns when pipelined answers fill what one turn may hold", async () => {
    let returned = 0;
    const harness = new Harness(async (scope, receive, send) => {
      await answering("x".repeat(10_000))(scope, receive, send);
      returned++;
    });
    const socket = harness.connect();
    socket.receive(GET.repeat(32));
    for (let i = 0; i < 8; i++) await harness.turn();
    assert.equal(returned, 32);
    assert.equal(harness.tracker.totalRequests, 32);
  });

  for (const size of [65_400, 65_536, 200_000]) {
    test(`a head of ${size} bytes is sent, and its body behind it`, async () => {
      const harness = new Harness(
        answering("the body", [["x-large", "v".repeat(size)]]),
      );
      const socket = harness.connect();
      socket.receive(GET);
      await harness.turn();
      assert.match(socket.text, /\r\n\r\nthe body$/);
      assert.equal(harness.tracker.runningCalls, 0);
    });
  }

  test("what was pipelined before a FIN is answered though its answers wait for the reader", async () => {
    const harness = new Harness(answering("x".repeat(40_000)));
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive(GET.repeat(20));
    await harness.turn();
    socket.fin();
    for (let i = 0; i < 30; i++) {
      socket.drain();
      await harness.turn();
    }
    assert.equal(harness.tracker.totalRequests, 20);
    assert.equal(socket.hasEnded, true);
  });

  test("Http1Connection stops reading when too much is pipelined, and goes on afterwards", async () => {
    const { promise, resolve } = gate();
    let isFirst = true;
    const harness = new Harness(async (scope, receive, send) => {
      if (isFirst) {
        isFirst = false;
        await promise;
      }
      await answering("ok")(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    const filler = GET.repeat(Math.ceil(70_000 / GET.length));
    socket.receive(filler);
    await harness.turn();
    assert.equal(socket.isPaused, true);
    resolve();
    for (let i = 0; i < 100; i++) await harness.turn();
    assert.equal(socket.isPaused, false);
    assert.equal(harness.tracker.totalRequests, 1 + filler.length / GET.length);
  });
});

describe("request bodies", () => {
  test("Http1Connection hands a body over, however it is cut (http:H-024)", async () => {
    const request =
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello";
    for (let cut = 1; cut < request.length; cut++) {
      const harness = new Harness(echo);
      const socket = harness.connect();
      socket.receive(request.slice(0, cut));
      await harness.turn();
      socket.receive(request.slice(cut));
      await harness.turn();
      assert.match(socket.text, /\r\n\r\nhello$/, `cut at ${cut}`);
    }
  });

  test("Http1Connection joins a chunked body that came in one read into one message (http:H-027)", async () => {
    const sizes: number[] = [];
    const harness = new Harness(async (scope, receive, send) => {
      for (;;) {
        const event = await receive();
        if (event.type !== "http.request") return;
        sizes.push(event.body.length);
        if (!event.more_body) break;
      }
      await answering("ok")(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n" +
        "1\r\na\r\n".repeat(1000) + "0\r\n\r\n",
    );
    await harness.turn();
    assert.deepEqual(sizes, [1000]);
  });

  test("Http1Connection stops reading when nobody receives, and goes on with receive() (http:H-032)", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await echo(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 131072\r\n\r\n",
    );
    socket.receive("x".repeat(65_535));
    assert.equal(socket.isPaused, false);
    socket.receive("x");
    assert.equal(socket.isPaused, true);
    resolve();
    await harness.turn();
    assert.equal(socket.isPaused, false);
    socket.receive("x".repeat(65_536));
    await harness.turn();
    assert.match(socket.text, /content-length: 131072\r\n/);
  });

  test("Http1Connection drops an unread body and keeps the connection (http:H-034)", async () => {
    const harness = new Harness(early);
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n12345",
    );
    await harness.turn();
    assert.match(socket.takeText(), /early$/);
    socket.receive("67890" + GET);
    await harness.turn();
    assert.match(socket.text, /early$/);
    assert.equal(socket.hasEnded, false);
  });

  test("Http1Connection closes instead of reading a large body nobody wants (asgi:A-093)", async () => {
    const harness = new Harness(early);
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100000000\r\n\r\n",
    );
    await harness.turn();
    assert.match(socket.text, /\r\nconnection: close\r\n\r\nearly$/);
    assert.equal(socket.hasEnded, true);
    socket.receive("x".repeat(65_536)); // dropped, so that the answer survives (wishes:R-058)
    assert.equal(socket.isClosed, false);
  });

  const CHUNKED =
    "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
  const SIZED = (size: number) =>
    `POST / HTTP/1.1\r\nhost: a\r\ncontent-length: ${size}\r\n\r\n`;
  for (
    const [request, keeps] of [
      [SIZED(256 * 1024), true],
      [SIZED(256 * 1024 + 1), false],
      [`${SIZED(256 * 1024 + 3)}abc`, true],
      [`${SIZED(256 * 1024 + 4)}abc`, false],
      [CHUNKED, true],
      [`${CHUNKED}3\r\nabc\r\n`, true],
      [`${CHUNKED}ffff\r\n${"x".repeat(0xffff)}\r\n`, true],
      [`${CHUNKED}10000\r\n${"x".repeat(0x10000)}\r\n`, false],
      [`${CHUNKED}3\r\nabc\r\n0\r\n\r\n`, true],
      [SIZED(0), true],
    ] as const
  ) {
    const shown = JSON.stringify(request.slice(26, 80));
    test(
      `an answer that leaves a body unread ${
        keeps ? "keeps" : "says that it closes"
      } the connection: ${shown}`,
      async () => {
        const harness = new Harness(early);
        const socket = harness.connect();
        socket.receive(request);
        await harness.turn();
        assert.equal(/\r\nconnection: close\r\n/.test(socket.text), !keeps);
        assert.equal(socket.hasEnded, !keeps);
      },
    );
  }

  test("a chunked body behind an answer that keeps the connection is dropped to its end", async () => {
    const harness = new Harness(early, { settings: { maxBodyBytes: 700_000 } });
    const socket = harness.connect();
    socket.receive(CHUNKED);
    await harness.turn();
    assert.doesNotMatch(socket.takeText(), /connection/);
    for (let i = 0; i < 10; i++) {
      socket.receive(`ffff\r\n${"x".repeat(0xffff)}\r\n`);
    }
    socket.receive(`0\r\n\r\n${GET}`);
    await harness.turn();
    assert.match(socket.takeText(), /^HTTP\/1\.1 200 OK\r\n/);
    assert.equal(socket.hasEnded, false);
    // Not beyond what a request may have at all.
    socket.receive(CHUNKED);
    await harness.turn();
    for (let i = 0; i < 11; i++) {
      socket.receive(`ffff\r\n${"x".repeat(0xffff)}\r\n`);
    }
    assert.equal(socket.hasEnded, true);
  });

  test("a chunked body behind such an answer is not read without end", async () => {
    const harness = new Harness(early);
    const socket = harness.connect();
    socket.receive(CHUNKED);
    await harness.turn();
    const piece = `100000\r\n${"x".repeat(0x100000)}\r\n`;
    for (let i = 0; i < 16; i++) socket.receive(piece);
    assert.equal(socket.hasEnded, false);
    socket.receive(piece);
    assert.equal(socket.hasEnded, true);
  });

  test("the rest of a chunked body that nobody wants must come at the rate of a body", async () => {
    const harness = new Harness(early, { settings: { minBodyRate: 100 } });
    const socket = harness.connect();
    socket.receive(CHUNKED);
    await harness.turn();
    for (let i = 0; i < 60 && !socket.isClosed; i++) {
      socket.receive("1\r\nx\r\n");
      harness.clock.advance(1_000);
      await harness.turn();
    }
    assert.equal(socket.isClosed, true);
  });

  test("a head that leaves before a large body was read says that it closes, read or not", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (_scope, receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      await promise;
      for (;;) {
        const event = await receive();
        if (event.type === "http.disconnect" || !event.more_body) break;
      }
      await send({ type: "http.response.body", body: "b" });
    });
    const socket = harness.connect();
    socket.receive(SIZED(300_000));
    await harness.turn();
    assert.match(socket.takeText(), /\r\nconnection: close\r\n/);
    assert.equal(socket.hasEnded, false);
    resolve();
    for (let i = 0; i < 300; i++) {
      socket.receive("x".repeat(1_000));
      await harness.turn();
    }
    assert.equal(socket.text, "1\r\nb\r\n0\r\n\r\n");
    assert.equal(socket.hasEnded, true);
  });

  test("an early head whose body then arrives keeps what it said", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      await promise;
      await send({ type: "http.response.body", body: "b" });
    });
    const socket = harness.connect();
    socket.receive(SIZED(100_000));
    await harness.turn();
    assert.doesNotMatch(socket.takeText(), /connection/);
    resolve();
    await harness.turn();
    for (let i = 0; i < 100; i++) socket.receive("x".repeat(1_000));
    socket.receive(GET);
    await harness.turn();
    assert.match(socket.takeText(), /HTTP\/1\.1 200 OK/);
    assert.equal(socket.hasEnded, false);
  });

  test("Http1Connection refuses a broken chunk before it calls the application", async () => {
    let calls = 0;
    const harness = new Harness(async (scope, receive, send) => {
      calls++;
      await echo(scope, receive, send);
    });
    const text = await harness.exchange(
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n",
    );
    assert.match(text, /^HTTP\/1\.1 400 /);
    assert.equal(calls, 0);
    assert.equal(harness.tracker.runningCalls, 0);
  });

  test("a broken chunk later on is refused, and the application finds its client gone (http:H-110)", async () => {
    const events: string[] = [];
    const harness = new Harness(async (_scope, receive) => {
      for (;;) {
        const event = await receive();
        events.push(event.type);
        if (event.type === "http.disconnect") return;
      }
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
    );
    await harness.turn();
    socket.receive("zz\r\n");
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 400 /);
    assert.deepEqual(events, ["http.request", "http.disconnect"]);
    assert.deepEqual(harness.logger.at("error"), []);
  });

  test("a broken chunk after the response began ends it without a second answer (http:H-110)", async () => {
    const harness = new Harness(async (_scope, receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "part", more_body: true });
      while ((await receive()).type !== "http.disconnect");
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n",
    );
    await harness.turn();
    socket.receive("zz\r\n");
    await harness.turn();
    assert.equal(socket.text.match(/HTTP\/1\.1/g)?.length, 1);
    assert.doesNotMatch(socket.text, /\r\n0\r\n\r\n$/);
    assert.equal(socket.hasEnded, true);
  });

  test("Http1Connection resolves the request trailers with the end of the body (asgi:A-246)", async () => {
    let trailers: unknown;
    const harness = new Harness(async (scope, receive, send) => {
      const entry = scope.extensions["http.request.trailers"]!;
      await echo(scope, receive, send);
      trailers = await entry.trailers;
    });
    await harness.exchange(
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n",
    );
    assert.deepEqual(trailers, [["x-sum", "7"]]);
  });
});

describe("Expect: 100-continue", () => {
  const head =
    "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
  const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

  test("Http1Connection answers at the first receive() (asgi:A-108)", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await echo(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(head);
    await harness.turn();
    assert.equal(socket.text, "");
    resolve();
    await harness.turn();
    assert.equal(socket.takeText(), CONTINUE);
    socket.receive("hello");
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 OK\r\n[^]*hello$/);
    assert.equal(socket.hasEnded, false);
  });

  test("Http1Connection leaves it away when the body is there already (http:H-036)", async () => {
    const harness = new Harness(echo);
    assert.match(
      await harness.exchange(head + "hello"),
      /^HTTP\/1\.1 200 OK\r\n/,
    );
  });

  test("Http1Connection leaves it away and closes when nobody reads (http:H-037)", async () => {
    const harness = new Harness(early);
    const socket = harness.connect();
    socket.receive(head);
    await harness.turn();
    assert.match(
      socket.text,
      /^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n/,
    );
    assert.equal(socket.hasEnded, true);
  });

  test("a receive() after the response began does not wait for ever for a body that nobody sends", async () => {
    const heard: string[] = [];
    const harness = new Harness(async (_scope, receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      heard.push((await receive()).type);
    }, { settings: { bodyMs: 10_000 } });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n",
    );
    await harness.turn();
    assert.deepEqual(heard, []);
    harness.clock.advance(10_500);
    await harness.turn();
    assert.deepEqual(heard, ["http.disconnect"]);
    assert.equal(socket.hasEnded, true);
  });

  test("Http1Connection never sends it to HTTP/1.0", async () => {
    const harness = new Harness(echo);
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n",
    );
    await harness.turn();
    assert.equal(socket.text, "");
    socket.receive("hello");
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 OK\r\n/);
  });

  test("a receive() kept from an earlier request does not speak for a later one", async () => {
    let stray: (() => Promise<unknown>) | undefined;
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      if (stray === undefined) {
        stray = receive;
        return await answering("ok")(scope, receive, send);
      }
      await promise;
      await answering("ok")(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    socket.takeText();
    socket.receive(head);
    await harness.turn();
    assert.deepEqual(await stray!(), { type: "http.disconnect" });
    assert.equal(socket.text, "");
    resolve();
    await harness.turn();
  });
});

describe("disconnects", () => {
  /** Waits for the end of everything and notes what it heard. */
  function listening(heard: string[]): HttpApp {
    return async (scope, receive) => {
      const { signal } = scope.extensions.abort_signal;
      signal.addEventListener(
        "abort",
        () => heard.push(`abort ${(signal.reason as Error).name}`),
      );
      for (;;) {
        const event = await receive();
        heard.push(event.type);
        if (event.type === "http.disconnect") return;
      }
    };
  }

  test("a client that leaves ends receive(), raises the abort signal and is no error (http:H-031)", async () => {
    const heard: string[] = [];
    const harness = new Harness(listening(heard));
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    socket.close(new Error("reset"));
    await harness.turn();
    assert.deepEqual(heard, [
      "http.request",
      "abort ClientDisconnected",
      "http.disconnect",
    ]);
    assert.deepEqual(harness.logger.at("error"), []);
    assert.equal(harness.requests[0].status, 499);
    assert.equal(harness.tracker.connections.size, 0);
    assert.equal(harness.tracker.detachedCalls.size, 0);
    assert.equal(harness.clock.isTicking, false);
  });

  test("a body that arrived whole is delivered before the disconnect (asgi:A-097)", async () => {
    const { promise, resolve } = gate();
    const bodies: string[] = [];
    const harness = new Harness(async (_scope, receive) => {
      await promise;
      for (;;) {
        const event = await receive();
        if (event.type === "http.disconnect") return void bodies.push("gone");
        bodies.push(new TextDecoder().decode(event.body));
      }
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc",
    );
    await harness.turn();
    socket.close();
    await harness.turn();
    resolve();
    await harness.turn();
    assert.deepEqual(bodies, ["abc", "gone"]);
  });

  test("a body cut short is not delivered any more (asgi:A-096)", async () => {
    const { promise, resolve } = gate();
    const heard: string[] = [];
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await listening(heard)(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 30\r\n\r\nabc",
    );
    await harness.turn();
    socket.close();
    await harness.turn();
    resolve();
    await harness.turn();
    assert.deepEqual(heard, ["http.disconnect"]);
  });

  test("a half-closed client still gets its answer (wishes:R-006)", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await answering("ok")(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(GET);
    socket.fin();
    await harness.turn();
    assert.equal(socket.isClosed, false);
    resolve();
    await harness.turn();
    assert.match(socket.text, /ok$/);
    assert.equal(socket.hasEnded, true);
  });

  test("every request pipelined before a FIN is answered", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive(GET + GET + GET);
    socket.fin();
    await harness.turn();
    assert.equal(socket.text, OK + OK + OK);
    assert.equal(socket.hasEnded, true);
  });

  test("an application that waits hears of a long half-closed client, and may still answer", async () => {
    const heard: string[] = [];
    const harness = new Harness(async (scope, receive, send) => {
      await listening(heard)(scope, receive, send);
      await answering("ok")(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    socket.fin();
    harness.clock.advance(4_000);
    await harness.turn();
    assert.deepEqual(heard, ["http.request"]);
    harness.clock.advance(2_000);
    await harness.turn();
    assert.deepEqual(heard, [
      "http.request",
      "abort ClientDisconnected",
      "http.disconnect",
    ]);
    assert.match(socket.text, /ok$/);
  });

  for (
    const [how, app] of [
      [
        "returns",
        async (receive: () => Promise<unknown>) => void await receive(),
      ],
      ["throws its abort reason", async (
        receive: () => Promise<unknown>,
        signal: AbortSignal,
      ) => {
        await receive();
        signal.throwIfAborted();
      }],
    ] as const
  ) {
    for (const hasBegun of [false, true]) {
      test(`an application that ${how} when its half-closed client has left is no error${hasBegun ? ", though its response had begun" : ""}`, async () => {
        const harness = new Harness(async (scope, receive, send) => {
          const { signal } = scope.extensions.abort_signal;
          await receive();
          if (hasBegun) {
            await send({ type: "http.response.start", status: 200 });
            await send({
              type: "http.response.body",
              body: "a",
              more_body: true,
            });
          }
          await app(receive, signal);
        });
        const socket = harness.connect();
        socket.receive(GET);
        await harness.turn();
        socket.fin();
        harness.clock.advance(6_000);
        await harness.turn();
        assert.deepEqual(harness.logger.at("error"), []);
        assert.deepEqual(
          harness.requests.map(({ status, abortReason }) => [
            status,
            abortReason !== undefined,
          ]),
          [[hasBegun ? 200 : 499, true]],
        );
        assert.equal(socket.hasEnded, true);
        assert.doesNotMatch(socket.text, /500/);
      });
    }
  }

  test("a FIN inside a body ends the request (asgi:A-096)", async () => {
    const heard: string[] = [];
    const harness = new Harness(listening(heard));
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 30\r\n\r\nabc",
    );
    await harness.turn();
    socket.fin();
    await harness.turn();
    assert.deepEqual(heard, [
      "http.request",
      "abort ClientDisconnected",
      "http.disconnect",
    ]);
    assert.equal(socket.isClosed, true);
  });

  for (
    const [when, request] of [
      ["before a request", ""],
      ["inside a head", "GET / HT"],
      ["between requests", GET],
    ] as const
  ) {
    test(`a FIN ${when} closes the connection`, async () => {
      const harness = new Harness(answering("ok"));
      const socket = harness.connect();
      if (request !== "") socket.receive(request);
      await harness.turn();
      socket.fin();
      await harness.turn();
      assert.equal(socket.hasEnded, true);
    });
  }

  test("a send() that waits for a slow reader rejects when the reader leaves (wishes:R-007)", async () => {
    let outcome = "";
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      try {
        for (;;) {
          await send({
            type: "http.response.body",
            body: new Uint8Array(32_768),
            more_body: true,
          });
        }
      } catch (error) {
        outcome = (error as Error).name;
        throw error;
      }
    });
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive(GET);
    await harness.turn();
    assert.equal(outcome, "");
    socket.close();
    await harness.turn();
    assert.equal(outcome, "ClientDisconnected");
    assert.deepEqual(harness.logger.at("error"), []);
    assert.equal(harness.requests[0].status, 200);
    assert.equal(harness.requests[0].abortReason, "client_disconnected");
  });

  test("send() after the client left is silent where that is asked for, and still ends the turn (asgi:A-212)", async () => {
    let sends = 0;
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      for (sends = 0; sends < 5; sends++) {
        await send({ type: "http.response.body", body: "x", more_body: true });
      }
      await send({ type: "http.response.body" });
    }, { settings: { raisesAfterDisconnect: false } });
    const socket = harness.connect();
    socket.receive(GET);
    socket.close();
    for (let i = 0; i < 5; i++) await harness.turn();
    assert.equal(sends, 5);
    assert.deepEqual(harness.logger.at("error"), []);
  });

  test("a whole response after the client left is silent where that is asked for, and no error (asgi:A-212)", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await answering("ok")(scope, receive, send);
    }, { settings: { raisesAfterDisconnect: false } });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    socket.close();
    await harness.turn();
    resolve();
    await harness.turn();
    assert.deepEqual(harness.logger.at("error"), []);
    assert.equal(harness.tracker.runningCalls, 0);
    assert.equal(socket.text, "");
  });
});

describe("slow readers", () => {
  test("send() waits above the high-water mark and goes on after the drain (http:H-072)", async () => {
    let sent = 0;
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      for (sent = 0; sent < 64; sent++) {
        await send({
          type: "http.response.body",
          body: new Uint8Array(16_384),
          more_body: true,
        });
      }
      await send({ type: "http.response.body" });
    });
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive(GET);
    await harness.turn();
    assert.ok(sent > 0 && sent < 16, `${sent} sent`);
    for (let i = 0; i < 64; i++) {
      socket.drain();
      await harness.turn();
    }
    assert.equal(sent, 64);
    assert.ok(socket.text.endsWith("0\r\n\r\n"));
  });

  test("an endless stream into a fast peer leaves the turn to others", async () => {
    let isStopped = false;
    let sends = 0;
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      while (!isStopped) {
        sends++;
        await send({ type: "http.response.body", more_body: true });
      }
    });
    harness.connect().receive(GET);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.ok(sends < 100_000);
    isStopped = true;
    await harness.turn();
  });

  test("a head whose body does not follow in the same turn leaves alone (asgi:A-076)", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await promise;
      await send({ type: "http.response.body", body: "late" });
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    assert.equal(
      socket.takeText(),
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    resolve();
    await harness.turn();
    assert.equal(socket.text, "4\r\nlate\r\n0\r\n\r\n");
  });
});

describe("timeouts", () => {
  test("a connection that never sends a byte is closed without a word (http:H-002)", async () => {
    const harness = new Harness(answering("ok"), {
      settings: { firstByteMs: 10_000 },
    });
    const socket = harness.connect();
    harness.clock.advance(11_000);
    await harness.turn();
    assert.equal(socket.isClosed, true);
    assert.equal(socket.text, "");
  });

  test("a connection that was opened ahead may wait longer than a head", async () => {
    const harness = new Harness(answering("ok"), {
      settings: { firstByteMs: 75_000, headMs: 10_000 },
    });
    const socket = harness.connect();
    harness.clock.advance(70_000);
    socket.receive("G");
    harness.clock.advance(9_000);
    socket.receive(GET.slice(1));
    await harness.turn();
    assert.equal(socket.text, OK);
  });

  test("a head that does not end is answered 408, however steadily it drips (slow headers)", async () => {
    const harness = new Harness(answering("ok"), {
      settings: { headMs: 10_000 },
    });
    const socket = harness.connect();
    socket.receive("GET / HTTP/1.1\r\nhost: a\r\n");
    for (let i = 0; i < 11; i++) {
      socket.receive("x: y\r\n");
      harness.clock.advance(1_000);
    }
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 408 Request Timeout\r\n/);
    assert.equal(harness.requests[0].status, 408);
  });

  test("a body that stops is answered 408, and the application hears of it (http:H-039)", async () => {
    const heard: string[] = [];
    const harness = new Harness(async (_scope, receive) => {
      let event;
      do {
        event = await receive();
        heard.push(event.type);
      } while (event.type !== "http.disconnect");
    }, { settings: { bodyMs: 10_000 } });
    const socket = harness.connect();
    socket.receive("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n1");
    await harness.turn();
    harness.clock.advance(9_000);
    socket.receive("2");
    harness.clock.advance(9_000);
    assert.equal(socket.text, "");
    harness.clock.advance(2_000);
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 408 /);
    assert.equal(heard.at(-1), "http.disconnect");
  });

  test("a peer is not late while the application does not read", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await echo(scope, receive, send);
    }, { settings: { bodyMs: 10_000 } });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 65537\r\n\r\n",
    );
    socket.receive("x".repeat(65_536));
    assert.equal(socket.isPaused, true);
    harness.clock.advance(60_000);
    await harness.turn();
    assert.equal(socket.text, "");
    resolve();
    await harness.turn();
    socket.receive("y");
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 /);
  });

  for (
    const [what, head] of [
      [
        "a body",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9999999\r\n\r\n",
      ],
      ["pipelined requests", GET],
    ] as const
  ) {
    test(`an application that leaves ${what} unread is told that its client may be gone`, async () => {
      const heard: string[] = [];
      const harness = new Harness(async (scope) => {
        const { signal } = scope.extensions.abort_signal;
        await new Promise((resolve) =>
          signal.addEventListener("abort", resolve)
        );
        heard.push("abort");
      }, { settings: { pauseMs: 30_000 } });
      const socket = harness.connect();
      socket.receive(head);
      socket.receive(GET.repeat(4_000));
      await harness.turn();
      assert.equal(socket.isPaused, true);
      harness.clock.advance(29_000);
      await harness.turn();
      assert.deepEqual(heard, []);
      harness.clock.advance(2_000);
      await harness.turn();
      assert.deepEqual(heard, ["abort"]);
      assert.equal(harness.tracker.runningCalls, 0);
      assert.equal(socket.hasEnded, true);
      assert.match(
        harness.logger.at("warning")[0],
        /^127\.0\.0\.1:50123 - The application has read nothing .* 30 s.*--timeout-read-pause/,
      );
      assert.deepEqual(harness.logger.at("error"), []);
    });
  }

  test("a client that still takes its answer is not idle", async () => {
    const harness = new Harness(answering("x".repeat(400_000)));
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive(GET);
    await harness.turn();
    for (let i = 0; i < 10; i++) {
      socket.queuedBytes -= 1_000; // slowly, but it does
      harness.clock.advance(20_000);
      await harness.turn();
      assert.equal(socket.isClosed, false);
    }
    socket.drain();
    harness.clock.advance(6_000);
    await harness.turn();
    assert.equal(socket.isClosed, true);
  });

  test("a body that drips is answered 408, however steadily (slow body)", async () => {
    const harness = new Harness(echo, {
      settings: { bodyMs: 60_000, minBodyRate: 100 },
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9999\r\n\r\n",
    );
    for (let i = 0; i < 4; i++) {
      harness.clock.advance(1_000);
      socket.receive("x");
    }
    assert.equal(socket.text, "");
    for (let i = 0; i < 3; i++) {
      harness.clock.advance(1_000);
      socket.receive("x");
    }
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 408 Request Timeout\r\n/);
    assert.equal(harness.requests[0].status, 408);
  });

  test("a small form may be slow while it does not stop", async () => {
    const harness = new Harness(echo, {
      settings: { bodyMs: 60_000, minBodyRate: 240 },
    });
    const socket = harness.connect();
    socket.receive("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 700\r\n\r\n");
    for (let i = 0; i < 100; i++) {
      harness.clock.advance(1_000);
      socket.receive("x".repeat(7));
      await harness.turn();
    }
    assert.match(socket.text, /^HTTP\/1\.1 200 /);
  });

  test("a small form that stops, or never ends, is answered 408 (slow body)", async () => {
    for (const ms of [61_000, 59_000]) {
      const harness = new Harness(echo, {
        settings: { bodyMs: 60_000, minBodyRate: 240 },
      });
      const socket = harness.connect();
      socket.receive(
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 700\r\n\r\n",
      );
      let count = 0;
      for (; count < 20 && socket.text === ""; count++) {
        socket.receive("x");
        harness.clock.advance(ms);
        await harness.turn();
      }
      assert.match(socket.text, /^HTTP\/1\.1 408 /);
      assert.ok(count === (ms > 60_000 ? 1 : 11), `${count}`);
    }
  });

  test("a body at the rate asked for may take as long as it likes", async () => {
    const harness = new Harness(echo, {
      settings: { bodyMs: 60_000, minBodyRate: 100 },
    });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3000\r\n\r\n",
    );
    for (let i = 0; i < 30; i++) {
      harness.clock.advance(1_000);
      socket.receive("x".repeat(100));
      await harness.turn();
    }
    assert.match(socket.text, /^HTTP\/1\.1 200 OK\r\n/);
  });

  test("the time in which the application does not read is not the peer's", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await echo(scope, receive, send);
    }, { settings: { bodyMs: 60_000, minBodyRate: 100_000 } });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 65537\r\n\r\n",
    );
    socket.receive("x".repeat(65_536));
    assert.equal(socket.isPaused, true);
    harness.clock.advance(50_000);
    resolve();
    await harness.turn();
    assert.equal(socket.isPaused, false);
    harness.clock.advance(3_000);
    socket.receive("y");
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 /);
  });

  test("the rate does not count while 100 Continue is owed", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await echo(scope, receive, send);
    }, { settings: { minBodyRate: 100 } });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\nexpect: 100-continue\r\n\r\n",
    );
    harness.clock.advance(40_000);
    resolve();
    await harness.turn();
    assert.match(socket.takeText(), /^HTTP\/1\.1 100 /);
    harness.clock.advance(4_000);
    socket.receive("x");
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 /);
  });

  test("a peer that takes nothing of its answer is cut off, and the application hears of it", async () => {
    let caught: unknown;
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      try {
        for (let i = 0; i < 100; i++) {
          await send({
            type: "http.response.body",
            body: new Uint8Array(50_000),
            more_body: true,
          });
        }
      } catch (error) {
        caught = error;
      }
    }, { settings: { stallMs: 10_000 } });
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive(GET);
    await harness.turn();
    harness.clock.advance(9_000);
    await harness.turn();
    assert.equal(socket.isClosed, false);
    harness.clock.advance(2_000);
    await harness.turn();
    assert.equal(socket.isClosed, true);
    assert.equal((caught as Error)?.name, "ClientDisconnected");
    assert.equal(harness.requests[0].abortReason, "client_stalled");
  });

  test("a blocked event loop does not count against peers", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    harness.clock.block(60_000);
    assert.equal(socket.isClosed, false);
  });
});

describe("refusals", () => {
  test("a malformed request gets a 400, a warning and an access line (http:H-108)", async () => {
    const harness = new Harness(answering("ok"));
    const text = await harness.exchange("nonsense\r\n\r\n");
    assert.equal(
      text,
      "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n" +
        "content-length: 30\r\nconnection: close\r\n\r\nInvalid HTTP request received.",
    );
    assert.deepEqual(harness.logger.at("warning"), [
      "Invalid HTTP request received. Cannot read request line: expected method, target and " +
      "version (127.0.0.1:50123)",
    ]);
    assert.equal(harness.requests[0].status, 400);
    assert.equal(harness.tracker.runningCalls, 0);
  });

  test("the access log tells what is known of a refused head, and nothing else", async () => {
    const harness = new Harness(answering("ok"));
    for (
      const request of [
        "GET /a%20b?c HTTP/1.1\r\nhost: a\r\nbad field\r\n",
        "GET /x HTTP/3.0\r\n\r\n",
        "GE\x01T / HTTP/1.1\r\n\r\n",
      ]
    ) await harness.exchange(request);
    assert.deepEqual(
      harness.requests.map(({ method, path, query, httpVersion, status }) =>
        [method, path, query, httpVersion, status].join(" ")
      ),
      ["GET /a b c 1.1 400", "GET /x  3.0 505", "- -  1.1 400"],
    );
  });

  test("a head that is late is told with its number and option", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive("GET /slow HTTP/1.1\r\nhost: a\r\n");
    harness.clock.advance(31_000);
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 408 /);
    assert.deepEqual(harness.logger.at("warning"), [
      "408 for 127.0.0.1:50123: request head did not arrive within 30 seconds " +
      "(--timeout-request-head)",
    ]);
    assert.equal(harness.requests[0].path, "/slow");
  });

  test("a TLS handshake on a plain port is said in the log (wishes:N-018)", async () => {
    const harness = new Harness(answering("ok"));
    await harness.exchange("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    assert.match(harness.logger.at("warning")[0], /TLS/);
  });

  test("raw bytes of a peer never reach the log", async () => {
    const harness = new Harness(answering("ok"));
    await harness.exchange("GET /\x1b[31m HTTP/1.1\r\n\r\n");
    for (const line of harness.logger.lines) {
      assert.doesNotMatch(line.message, /\x1b/);
    }
  });

  test("requests above the concurrency limit get 503 and the application is not called (http:H-133)", async () => {
    const { promise, resolve } = gate();
    let calls = 0;
    const harness = new Harness(async (scope, receive, send) => {
      calls++;
      await promise;
      await answering("ok")(scope, receive, send);
    }, { settings: { maxConcurrency: 1 } });
    const first = harness.connect();
    const second = harness.connect();
    first.receive(GET);
    await harness.turn();
    second.receive(GET);
    await harness.turn();
    assert.match(
      second.text,
      /^HTTP\/1\.1 503 Service Unavailable\r\n[^]*retry-after: 1\r\n/,
    );
    assert.match(second.text, /connection: close\r\n\r\nService Unavailable$/);
    assert.equal(calls, 1);
    assert.deepEqual(harness.logger.at("warning"), [
      "Exceeded concurrency limit.",
    ]);
    resolve();
    await harness.turn();
    assert.match(first.text, /ok$/);
    assert.equal(harness.tracker.runningCalls, 0);
    first.receive(GET);
    await harness.turn();
    assert.equal(calls, 2);
  });

  test("a call that has answered does not refuse the next request, whatever it does afterwards", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await answering("ok")(scope, receive, send);
      await promise;
    }, { settings: { maxConcurrency: 1 } });
    const socket = harness.connect();
    socket.receive(GET.repeat(3));
    await harness.turn();
    assert.equal(socket.text, OK.repeat(3));
    assert.equal(harness.tracker.runningCalls, 3);
    assert.equal(harness.tracker.concurrentCalls, 0);
    resolve();
    await harness.turn();
    assert.equal(harness.tracker.runningCalls, 0);
    assert.equal(harness.tracker.concurrentCalls, 0);
  });

  for (
    const [what, leave] of [
      ["whose client has left", (socket) => socket.close()],
      ["whose body broke the protocol", (socket) => socket.receive("x\r\n")],
    ] as readonly [string, (socket: FakeSocket) => void][]
  ) {
    test(`a call ${what} counts until it returns`, async () => {
      const { promise, resolve } = gate();
      const harness = new Harness(() => promise, {
        settings: { maxConcurrency: 1 },
      });
      const first = harness.connect();
      first.receive(
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
      );
      await harness.turn();
      leave(first);
      await harness.turn();
      const second = harness.connect();
      second.receive(GET);
      await harness.turn();
      assert.match(second.text, /^HTTP\/1\.1 503 /);
      resolve();
      await harness.turn();
      assert.equal(harness.tracker.concurrentCalls, 0);
    });
  }

  test("a handshake over HTTP/1.0 is served as a request, and said once with the way out (websocket:W-016)", async () => {
    const harness = new Harness(answering("ok"));
    for (let i = 0; i < 2; i++) {
      const text = await harness.exchange(
        "GET /ws HTTP/1.0\r\nconnection: upgrade\r\nupgrade: WebSocket\r\n\r\n",
      );
      assert.match(text, /^HTTP\/1\.1 200 OK\r\n/);
    }
    const warnings = harness.logger.at("warning");
    assert.equal(warnings.length, 1);
    assert.match(warnings[0], /HTTP\/1\.0.*nginx.*"proxy_http_version 1\.1;"/);
  });

  test("an unsupported upgrade is served as an ordinary request, body and all (wishes:R-005)", async () => {
    const harness = new Harness(echo);
    const text = await harness.exchange(
      "POST / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nhi",
    );
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*hi$/);
    assert.deepEqual(harness.logger.at("warning"), [
      "Unsupported upgrade request.",
    ]);
  });
});

describe("draining", () => {
  for (
    const [what, pauses, quietMs, isClosed] of [
      [
        "waits three pauses for a client that asks at a pace",
        [100],
        299,
        false,
      ],
      ["closes after three pauses of its client", [100], 300, true],
      ["goes by the longest pause", [100, 10], 299, false],
      [
        "does not know the pace of a client that asked often",
        Array(8).fill(1),
        990,
        false,
      ],
    ] as const
  ) {
    test(`closeIdle() ${what}`, async () => {
      const harness = new Harness(answering("ok"));
      const socket = harness.connect();
      socket.receive(GET);
      await harness.turn();
      for (const ms of pauses) {
        harness.clock.nowMs += ms;
        socket.receive(GET);
        await harness.turn();
      }
      harness.clock.nowMs += quietMs;
      harness.tracker.startDraining();
      for (const connection of harness.tracker.connections) {
        connection.closeIdle!();
      }
      await harness.turn();
      assert.equal(socket.isClosed, isClosed);
    });
  }

  test("closeIdle() leaves a request alone that has just arrived", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    await harness.turn();
    harness.tracker.startDraining();
    for (const connection of harness.tracker.connections) {
      connection.drain();
      connection.closeIdle!();
    }
    socket.receive(GET);
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 [^]*connection: close/);
  });

  /** Begins draining as the server does. */
  function drain(harness: Harness): void {
    harness.tracker.startDraining();
    for (const connection of harness.tracker.connections) connection.drain();
  }

  for (
    const [what, begun] of [
      ["that never spoke", ""],
      ["in the middle of a head", "GET / HT"],
      ["that was used", GET],
    ] as const
  ) {
    test(`a connection ${what} and has been idle closes at once (http:H-137)`, async () => {
      const harness = new Harness(answering("ok"));
      const socket = harness.connect();
      if (begun !== "") socket.receive(begun);
      await harness.turn();
      const written = socket.text;
      harness.clock.advance(2_000);
      drain(harness);
      await harness.turn();
      assert.equal(socket.isClosed, true);
      assert.equal(socket.text, written);
      assert.equal(harness.tracker.connections.size, 0);
    });

    test(`closeIdle() of a connection ${what}: only between requests`, async () => {
      const harness = new Harness(answering("ok"));
      const socket = harness.connect();
      if (begun !== "") socket.receive(begun);
      await harness.turn();
      drain(harness);
      for (const connection of harness.tracker.connections) {
        connection.closeIdle!();
      }
      await harness.turn();
      assert.equal(socket.isClosed, begun !== "GET / HT");
    });

    test(`a connection ${what} just now closes after a moment`, async () => {
      const harness = new Harness(answering("ok"));
      const socket = harness.connect();
      if (begun !== "") socket.receive(begun);
      await harness.turn();
      drain(harness);
      await harness.turn();
      assert.equal(socket.isClosed, false);
      harness.clock.advance(500);
      await harness.turn();
      assert.equal(socket.isClosed, true);
    });
  }

  test("a request that was on its way is answered, and told that it is the last", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    const first = socket.text.length;
    drain(harness);
    await harness.turn();
    socket.receive(GET);
    await harness.turn();
    assert.match(
      socket.text.slice(first),
      /^HTTP\/1\.1 200 OK\r\n[^]*\r\nconnection: close\r\n\r\nok$/,
    );
    assert.equal(socket.hasEnded, true);
  });

  test("bytes that the kernel holds when an idle connection is to close are read first", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    await harness.turn();
    harness.clock.advance(2_000);
    drain(harness);
    socket.receive(GET); // the poll between the decision and the close
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 OK\r\n[^]*connection: close/);
  });

  test("a head that arrives in pieces gets a moment of its own, and no more (wishes:R-060)", async () => {
    const harness = new Harness(answering("ok"));
    const sockets = [harness.connect(), harness.connect()] as const;
    await harness.turn();
    drain(harness);
    harness.clock.advance(200);
    for (const socket of sockets) socket.receive(GET.slice(0, 9));
    harness.clock.advance(250);
    await harness.turn();
    sockets[0].receive(GET.slice(9));
    await harness.turn();
    assert.match(sockets[0].text, /^HTTP\/1\.1 200 OK\r\n/);
    harness.clock.advance(500);
    await harness.turn();
    assert.equal(sockets[1].isClosed, true);
    assert.equal(sockets[1].text, "");
  });

  test("after an answer that promised to go on, one more request is answered", async () => {
    const { promise, resolve } = gate();
    let calls = 0;
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      if (++calls === 1) await promise;
      await send({ type: "http.response.body", body: "b" });
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    drain(harness);
    resolve();
    await harness.turn();
    assert.ok(!socket.text.includes("connection: close"));
    assert.equal(socket.hasEnded, false);
    socket.receive(GET);
    await harness.turn();
    assert.ok(socket.text.includes("connection: close"));
    assert.equal(socket.hasEnded, true);
  });

  test("the rest of a body that nobody wants is not waited for", async () => {
    const harness = new Harness(answering("ok"));
    const socket = harness.connect();
    socket.receive("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nab");
    await harness.turn();
    assert.equal(socket.hasEnded, false);
    drain(harness);
    assert.equal(socket.hasEnded, true);
  });

  test("a response in progress is finished, says close, and drops what is pipelined (http:H-138, H-140)", async () => {
    const { promise, resolve } = gate();
    const harness = new Harness(async (scope, receive, send) => {
      await promise;
      await answering("ok")(scope, receive, send);
    });
    const socket = harness.connect();
    socket.receive(GET + GET);
    await harness.turn();
    harness.tracker.startDraining();
    for (const connection of harness.tracker.connections) connection.drain();
    assert.equal(socket.isClosed, false);
    resolve();
    await harness.turn();
    assert.equal(
      socket.text,
      "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
    );
    assert.equal(socket.hasEnded, true);
  });

  test("a cut-off application gets its abort signal, its client a 500 (http:H-141)", async () => {
    let reason: unknown;
    const harness = new Harness(async (scope) => {
      const { signal } = scope.extensions.abort_signal;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      reason = signal.reason;
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    const timeout = new DOMException("too late", "TimeoutError");
    for (const connection of harness.tracker.connections) {
      connection.abort(timeout);
    }
    await harness.turn();
    assert.equal(reason, timeout);
    assert.match(socket.text, /^HTTP\/1\.1 500 Internal Server Error\r\n/);
    assert.equal(socket.isClosed, true);
    assert.equal(harness.tracker.runningCalls, 0);
    assert.deepEqual(harness.logger.at("error"), []);
  });
});

describe("access log", () => {
  test("an entry tells what was asked, what was answered and how much of it (http:H-150)", async () => {
    const harness = new Harness(async (scope, receive, send) => {
      harness.clock.nowMs += 7;
      await answering("hello")(scope, receive, send);
    });
    await harness.exchange("GET /a%20b?c=d HTTP/1.1\r\nhost: a\r\n\r\n");
    assert.deepEqual(harness.requests, [{
      ...RECORD,
      client: "127.0.0.1:50123",
      path: "/a b",
      query: "c=d",
      durationMs: 7,
      bodyBytes: 5,
      requestFields: [["host", "a"]],
    }]);
  });

  test("a body that ends with the connection is reset when it is cut off", async () => {
    for (
      const [version, isReset] of [["1.0", true], ["1.1", false]] as const
    ) {
      const harness = new Harness(async (_scope, _receive, send) => {
        await send({ type: "http.response.start", status: 200 });
        await send({ type: "http.response.body", body: "a", more_body: true });
        throw new Error("half-way");
      });
      const socket = harness.connect();
      socket.receive(`GET / HTTP/${version}\r\nhost: a\r\n\r\n`);
      await harness.turn();
      assert.match(socket.text, /a(\r\n)?$/);
      assert.equal(socket.wasReset, isReset);
      assert.equal(socket.hasEnded, !isReset);
      assert.equal(harness.requests.length, 1);
      assert.equal(harness.requests[0].abortReason, "application");
      assert.equal(harness.tracker.connections.size, isReset ? 0 : 1);
    }
  });

  test("a whole body that ends with the connection is no reset", async () => {
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      await send({ type: "http.response.body", body: "b" });
    });
    const socket = harness.connect();
    socket.receive("GET / HTTP/1.0\r\n\r\n");
    await harness.turn();
    assert.equal(socket.hasEnded, true);
    harness.clock.advance(3_000);
    await harness.turn();
    assert.equal(socket.isClosed, true);
    assert.equal(socket.wasReset, false);
  });

  test("what a peer never took of a body that ends with the connection is a reset", async () => {
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      await send({ type: "http.response.body", body: "b" });
    }, { settings: { stallMs: 10_000 } });
    const socket = harness.connect();
    socket.takesWrites = false;
    socket.receive("GET / HTTP/1.0\r\n\r\n");
    await harness.turn();
    for (let i = 0; i < 60 && !socket.isClosed; i++) {
      harness.clock.advance(1_000);
      await harness.turn();
    }
    assert.equal(socket.isClosed, true);
    assert.equal(socket.wasReset, true);
  });

  test("a response that breaks off is logged once, with its status (http:H-100)", async () => {
    const harness = new Harness(async (_scope, _receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "a", more_body: true });
      throw new Error("boom");
    });
    const socket = harness.connect();
    socket.receive(GET);
    await harness.turn();
    assert.equal(harness.requests.length, 1);
    assert.equal(harness.requests[0].abortReason, "application");
    assert.equal(harness.requests[0].status, 200);
    assert.equal(socket.hasEnded, true);
    assert.doesNotMatch(socket.text, /0\r\n\r\n$/);
  });
});

describe("the size of bodies", () => {
  const settings = { maxBodyBytes: 10 };
  let calls = 0;
  const counted: HttpApp = async (scope, receive, send) => {
    calls++;
    await echo(scope, receive, send);
  };

  for (
    const [behavior, request] of [
      [
        "a length over the limit is answered 413 before the application is called",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\n\r\nhello world",
      ],
      [
        "a length over the limit is not asked for with 100 Continue",
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 11\r\nexpect: 100-continue\r\n\r\n",
      ],
      [
        "a WebSocket handshake with such a body is refused too",
        "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\ncontent-length: 11\r\n\r\n",
      ],
    ] as const
  ) {
    test(behavior, async () => {
      calls = 0;
      const harness = new Harness(counted, { settings });
      const socket = harness.connect();
      socket.receive(request);
      await harness.turn();
      assert.match(socket.text, /^HTTP\/1\.1 413 Content Too Large\r\n/);
      assert.match(socket.text, /\r\nconnection: close\r\n/);
      assert.equal(socket.hasEnded, true);
      assert.equal(calls, 0);
      assert.deepEqual(harness.requests.map(({ status }) => status), [413]);
    });
  }

  test("chunks over the limit are answered 413 where they pass it", async () => {
    const heard: string[] = [];
    const harness = new Harness(async (_scope, receive) => {
      for (;;) {
        const event = await receive();
        heard.push(event.type);
        if (event.type === "http.disconnect") return;
      }
    }, { settings });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
    );
    await harness.turn();
    socket.receive("6\r\n world\r\n0\r\n\r\n");
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 413 /);
    assert.deepEqual(heard, ["http.request", "http.disconnect"]);
    assert.equal(socket.hasEnded, true);
  });

  test("chunks over the limit cut off an answer that has begun", async () => {
    const harness = new Harness(async (_scope, receive, send) => {
      await send({ type: "http.response.start", status: 200 });
      await send({ type: "http.response.body", body: "x", more_body: true });
      await receive();
      await receive();
    }, { settings });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n",
    );
    await harness.turn();
    socket.receive("b\r\nhello world\r\n0\r\n\r\n");
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 /);
    assert.doesNotMatch(socket.text, /413|0\r\n\r\n$/);
    assert.equal(socket.hasEnded, true);
  });

  test("a body of exactly the limit passes", async () => {
    const harness = new Harness(echo, { settings });
    const socket = harness.connect();
    socket.receive(
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n0123456789",
    );
    await harness.turn();
    assert.match(socket.text, /^HTTP\/1\.1 200 .*0123456789$/s);
  });
});
