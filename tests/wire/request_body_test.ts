/** How request bodies reach an application. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  exchange,
  latin1,
  pause,
  RawClient,
  request,
} from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { sharedServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

const echo = () => new Script(["echo"]);

/** Bytes of every value, so that a decoding or a lost octet shows. */
function octets(size: number): string {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return latin1(bytes);
}

describe("receive()", () => {
  test("yields a whole body in one message (http:H-024)", async () => {
    const script = new Script(["receive"], ...answer());
    await exchange(
      shared.server.target,
      request(`POST ${script.target}`, ["Content-Length: 5"], "hello"),
    );
    assert.deepEqual(await script.notes(shared.server, 1), ["received 5 last"]);
  });

  for (const method of ["GET", "POST", "HEAD"]) {
    test(`yields one empty message for a ${method} without a body (http:H-025, asgi:A-065)`, async () => {
      const script = new Script(["receive"], ...answer());
      await exchange(
        shared.server.target,
        request(`${method} ${script.target}`),
      );
      await script.seen(shared.server, /received 0 last/);
    });
  }

  test("yields one empty message for content-length: 0", async () => {
    const script = new Script(["receive"], ...answer());
    await exchange(
      shared.server.target,
      request(`POST ${script.target}`, ["Content-Length: 0"]),
    );
    await script.seen(shared.server, /received 0 last/);
  });

  for (const method of ["GET", "DELETE", "OPTIONS", "PROPFIND"]) {
    test(`yields the body of a ${method} (http:H-026)`, async () => {
      const response = await exchange(
        shared.server.target,
        request(`${method} ${echo().target}`, ["Content-Length: 3"], "abc"),
      );
      assert.equal(response.body, "abc");
    });
  }

  test("yields pieces as they arrive (http:H-028)", async () => {
    const script = new Script(["receive"], ["receive"], ...answer());
    const client = await RawClient.connect(shared.server.target);
    client.send(request(`POST ${script.target}`, ["Content-Length: 6"], "abc"));
    await script.seen(shared.server, /received 3 more/);
    client.send("def");
    assert.equal((await client.readResponse()).body, "ok");
    assert.deepEqual(await script.notes(shared.server, 2), [
      "received 3 more",
      "received 3 last",
    ]);
    client.close();
  });

  test("waits after the last piece until the response is complete (http:H-029, asgi:A-095)", async () => {
    const script = new Script(
      ["receive"],
      ["start", 200],
      ["body", "ok"],
      ["note", "answered"],
      ["receive"],
      ["receive"],
    );
    await exchange(shared.server.target, request(`GET ${script.target}`));
    await script.seen(shared.server, /received disconnect/);
    assert.deepEqual((await script.notes(shared.server, 3)).slice(0, 3), [
      "received 0 last",
      "answered",
      "received disconnect",
    ]);
  });

  test("yields http.disconnect at once after the response, body or no body (http:H-030)", async () => {
    const script = new Script(...answer(), ["receive"]);
    const client = await RawClient.connect(shared.server.target);
    client.send(request(`POST ${script.target}`, ["Content-Length: 3"], "abc"));
    assert.equal((await client.readResponse()).status, 200);
    await script.seen(shared.server, /received disconnect/);
    client.close();
  });
});

describe("a body arrives whole", () => {
  for (const size of [1, 1000, 65_535, 65_536, 65_537, 1_000_000]) {
    test(`with content-length, ${size} bytes`, async () => {
      const body = octets(size);
      const response = await exchange(
        shared.server.target,
        request(`POST ${echo().target}`, [`Content-Length: ${size}`], body),
      );
      assert.ok(
        response.body === body,
        `${response.body.length} bytes came back`,
      );
    });
  }

  test("in chunks, extensions and trailers left away (http:H-027, asgi:A-062)", async () => {
    const body =
      '3;a=b;c="d"\r\nabc\r\n0A\r\n0123456789\r\n0000;x\r\nX-Trailer: 1\r\n\r\n';
    const response = await exchange(
      shared.server.target,
      request(`POST ${echo().target}`, ["Transfer-Encoding: Chunked"], body),
    );
    assert.equal(response.body, "abc0123456789");
  });

  test("with no chunk but the last (http:H-027)", async () => {
    const response = await exchange(
      shared.server.target,
      request(
        `POST ${echo().target}`,
        ["Transfer-Encoding: chunked"],
        "0\r\n\r\n",
      ),
    );
    assert.equal(response.body, "");
    assert.equal(response.header("content-length"), "0");
  });

  test("in many chunks of a megabyte together", async () => {
    const chunk = octets(10_000);
    const body = `2710\r\n${chunk}\r\n`.repeat(100) + "0\r\n\r\n";
    const response = await exchange(
      shared.server.target,
      request(`POST ${echo().target}`, ["Transfer-Encoding: chunked"], body),
    );
    assert.ok(response.body === chunk.repeat(100));
  });

  test("byte by byte, head included (http:H-125)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const text =
      `POST /run?${
        echo().target.slice("/run?".length)
      } HTTP/1.1\r\nHost: a\r\n` +
      "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\nt: v\r\n\r\n";
    await client.sendInPieces(text);
    assert.equal((await client.readResponse()).body, "abc");
    client.close();
  });
});

describe("request trailers (asgi:A-246)", () => {
  test("do not show in the messages or the headers (asgi:A-112)", async () => {
    const script = new Script(["receive"], ...answer());
    await exchange(
      shared.server.target,
      request(
        `POST ${script.target}`,
        ["Transfer-Encoding: chunked", "Trailer: X-Sum"],
        "1\r\na\r\n0\r\nX-Sum: 9\r\n\r\n",
      ),
    );
    await script.seen(shared.server, /received 1 last/);
  });

  test("resolve with the end of the body, names in lower case", async () => {
    const script = new Script(["readAll"], ["requestTrailers"], ...answer());
    await exchange(
      shared.server.target,
      request(
        `POST ${script.target}`,
        ["Transfer-Encoding: chunked"],
        "1\r\na\r\n0\r\nX-Sum: 9\r\nX-Sum: a b \r\n\r\n",
      ),
    );
    assert.equal(
      await script.seen(shared.server, /trailers /),
      'trailers [["x-sum","9"],["x-sum","a b"]]',
    );
  });

  test("resolve to nothing when there are none", async () => {
    const script = new Script(["readAll"], ["requestTrailers"], ...answer());
    await exchange(
      shared.server.target,
      request(
        `POST ${script.target}`,
        ["Transfer-Encoding: chunked"],
        "1\r\na\r\n0\r\n\r\n",
      ),
    );
    assert.equal(await script.seen(shared.server, /trailers /), "trailers []");
  });
});

describe("a body nobody reads (http:H-034, asgi:A-093)", () => {
  test("does not delay the answer and leaves the connection usable", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(...answer("early"));
    client.send(
      request(`POST ${script.target}`, ["Content-Length: 10"], "abc"),
    );
    assert.equal((await client.readResponse()).body, "early");
    client.send("defghij");
    assert.equal(
      (await client.request(request("GET /"))).body,
      "Hello, world!",
    );
    client.close();
  });

  test("is not taken for the next request, whatever it holds", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(...answer("first"));
    const smuggled = request(`GET ${new Script(...answer("smuggled")).target}`);
    client.send(
      request(
        `POST ${script.target}`,
        [`Content-Length: ${smuggled.length}`],
        smuggled,
      ),
    );
    client.send(request(`GET ${new Script(...answer("second")).target}`));
    assert.equal((await client.readResponse()).body, "first");
    assert.equal((await client.readResponse()).body, "second");
    client.close();
  });

  test("in chunks is skipped up to its end", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(...answer("early"));
    client.send(
      request(
        `POST ${script.target}`,
        ["Transfer-Encoding: chunked"],
        "3\r\nabc\r\n",
      ),
    );
    assert.equal((await client.readResponse()).body, "early");
    client.send("2\r\nde\r\n0\r\nx: y\r\n\r\n");
    assert.equal((await client.request(request("GET /"))).status, 200);
    client.close();
  });

  test("too large to be worth reading ends the connection after the answer", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(...answer("no thanks"));
    client.send(
      request(`POST ${script.target}`, ["Content-Length: 100000000"], "abc"),
    );
    assert.equal((await client.readResponse()).body, "no thanks");
    assert.equal(await client.ended(), "fin");
    client.close();
  });

  test("is still answered by a server that closes while the client sends (wishes:R-058)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      ...answer("no thanks", [["connection", "close"]]),
    );
    client.send(
      request(`POST ${script.target}`, ["Content-Length: 1000000"], "abc"),
    );
    for (let sent = 0; sent < 10; sent++) {
      client.send("x".repeat(50_000));
      await pause(5);
    }
    assert.equal((await client.readResponse()).body, "no thanks");
    client.close();
  });
});

describe("Expect: 100-continue", () => {
  const head = (script: Script, value = "100-continue") =>
    request(`POST ${script.target}`, [`Expect: ${value}`, "Content-Length: 3"]);

  test("is answered by 100 when the application receives (http:H-035, asgi:A-108)", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(head(echo()));
    const first = await client.readResponse();
    assert.equal(first.rawHead, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    assert.equal((await client.readResponse()).body, "abc");
    client.send(request("GET /"));
    assert.equal((await client.readResponse()).status, 200);
    client.close();
  });

  test("is compared without regard to case (http:H-035)", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(head(echo(), "100-CONTINUE"));
    assert.equal((await client.readResponse()).status, 100);
    client.close();
  });

  test("is answered only once", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(
      ["receive"],
      ["receive"],
      ["receive"],
      ...answer(),
    );
    client.send(head(script));
    assert.equal((await client.readResponse()).status, 100);
    client.send("a");
    await script.seen(shared.server, /received 1 more/);
    client.send("b");
    await pause(50);
    client.send("c");
    assert.equal((await client.readResponse()).status, 200);
    client.close();
  });

  test("gets no 100 when the application answers without reading, and the connection closes (http:H-037)", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(head(new Script(...answer("refused"))));
    const response = await client.readResponse();
    assert.deepEqual([response.status, response.body], [200, "refused"]);
    assert.equal(response.header("connection"), "close");
    assert.equal(await client.ended(), "fin");
    client.close();
  });

  test("gets no 100 once the body is there (http:H-036)", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(head(echo()) + "abc");
    assert.equal((await client.readResponse()).body, "abc");
    client.close();
  });

  test("gets no 100 without a body to come (http:H-036)", async () => {
    const script = new Script(["readAll"], ...answer());
    const client = await RawClient.connect(shared.server.target);
    client.send(request(`GET ${script.target}`, ["Expect: 100-continue"]));
    assert.equal((await client.readResponse()).status, 200);
    client.close();
  });

  test("gets no 100 on HTTP/1.0 (asgi:A-108)", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(
      `POST ${echo().target} HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n`,
    );
    await pause(50);
    client.send("abc");
    assert.equal((await client.readResponse()).body, "abc");
    client.close();
  });

  test("with another value gets 417 (http:H-038)", async () => {
    const client = await RawClient.connect(shared.server.target);
    client.send(head(echo(), "200-ok"));
    const response = await client.readResponse();
    assert.equal(response.status, 417);
    assert.equal(response.body, "Expectation Failed");
    assert.equal(await client.ended(), "fin");
    client.close();
  });
});
