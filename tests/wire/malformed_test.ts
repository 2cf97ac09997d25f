/**
 * Requests that two parsers could read differently, and requests that are none: refused with a
 * closed connection, and never a second request in what follows (RFC 9112 §11).
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchange, RawClient, request } from "../_support/raw_client.ts";
import { Script, SCRIPTED_APP } from "../_support/script.ts";
import { sharedServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

/** A request that must never be answered: whoever answers it was smuggled past a parser. */
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: test\r\n\r\n";

/** Sends bytes, checks that they are refused and the connection is closed, and gives the answer. */
async function refused(bytes: string, status = 400) {
  const client = await RawClient.connect(shared.server.target);
  try {
    client.send(bytes);
    const response = await client.readResponse();
    assert.equal(response.status, status, response.rawHead);
    assert.equal(response.header("connection"), "close");
    assert.deepEqual(await client.readToEnd(), { bytes: "", end: "fin" });
    return response;
  } finally {
    client.close();
  }
}

test("a refusal is plain text with our default headers, a warning and an access line (http:H-108)", async () => {
  const from = shared.server.stderr.length;
  const response = await refused("GARBAGE\r\n\r\n");
  assert.equal(response.rawHead.split("\r\n")[0], "HTTP/1.1 400 Bad Request");
  assert.deepEqual(response.headers.map((header) => header[0]), [
    "date",
    "server",
    "content-type",
    "content-length",
    "connection",
  ]);
  assert.equal(response.header("content-type"), "text/plain; charset=utf-8");
  assert.equal(response.header("content-length"), "30");
  assert.equal(response.body, "Invalid HTTP request received.");
  await shared.server.line(
    "stderr",
    /WARNING: .*Invalid HTTP request received\./,
    from,
  );
  await shared.server.line("stdout", / - ".*" 400 Bad Request$/);
});

/** Names of attacks or mistakes with the bytes they consist of. */
type Cases =
  readonly (readonly [name: string, bytes: string, status?: number])[];

function refuses(cases: Cases): void {
  for (const [name, bytes, status] of cases) {
    test(`refuses ${name}`, async () => {
      await refused(bytes, status);
    });
  }
}

describe("request line (RFC 9112 §3)", () => {
  const head = "Host: test\r\n\r\n";
  refuses([
    ["a line without version", `GET /\r\n${head}`],
    ["a line of one word", `GET\r\n${head}`],
    ["an empty target", `GET  HTTP/1.1\r\n${head}`],
    ["two blanks before the version", `GET /  HTTP/1.1\r\n${head}`],
    ["two blanks before the target", `GET  / HTTP/1.1\r\n${head}`],
    ["a tab for a blank", `GET\t/ HTTP/1.1\r\n${head}`],
    ["a blank at the start", ` GET / HTTP/1.1\r\n${head}`],
    ["a blank at the end", `GET / HTTP/1.1 \r\n${head}`],
    ["a blank in the target (http:H-121)", `GET /a b HTTP/1.1\r\n${head}`],
    [
      "an octet above 127 in the target (http:H-121)",
      `GET /\xe9 HTTP/1.1\r\n${head}`,
    ],
    ["NUL in the target", `GET /\0 HTTP/1.1\r\n${head}`],
    ["DEL in the target", `GET /\x7f HTTP/1.1\r\n${head}`],
    ["a bad method (http:H-109)", `G@T / HTTP/1.1\r\n${head}`],
    ["a method with a colon", `GET: / HTTP/1.1\r\n${head}`],
    ["a target without slash", `GET path HTTP/1.1\r\n${head}`],
    [
      "an asterisk for another method than OPTIONS",
      `GET * HTTP/1.1\r\n${head}`,
    ],
    [
      "CONNECT, as not implemented",
      `CONNECT test:80 HTTP/1.1\r\n${head}`,
      501,
    ],
    ["CONNECT without a port", `CONNECT test HTTP/1.1\r\n${head}`],
    ["a version in lower case", `GET / http/1.1\r\n${head}`],
    ["a version without minor", `GET / HTTP/1\r\n${head}`],
    ["a version with leading zero", `GET / HTTP/01.1\r\n${head}`],
    ["a version of words", `GET / HTTP/one.one\r\n${head}`],
    ["another protocol", `GET / RTSP/1.0\r\n${head}`],
    ["a minor version of two digits", `GET / HTTP/1.10\r\n${head}`],
    ["HTTP/2.0 as text (http:H-122)", `GET / HTTP/2.0\r\n${head}`, 505],
    ["HTTP/0.9 with a version", `GET / HTTP/0.9\r\n${head}`, 505],
    ["HTTP/0.9 without a version", "GET /\r\n"],
    [
      "the HTTP/2 preface (http:H-123)",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      505,
    ],
    [
      "a TLS handshake (http:H-111)",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\x00".repeat(600),
    ],
    ["an SSH greeting", "SSH-2.0-OpenSSH_9.9\r\n"],
    [
      "a proxy greeting",
      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET / HTTP/1.1\r\n",
    ],
  ]);

  test("a higher minor version is served as ours (RFC 9110 §2.5)", async () => {
    const response = await exchange(
      shared.server.target,
      `GET / HTTP/1.2\r\n${head}`,
    );
    assert.equal(response.status, 200);
    assert.equal(response.version, "HTTP/1.1");
  });

  test("tolerates empty lines before it (http:H-120, RFC 9112 §2.2)", async () => {
    const response = await exchange(
      shared.server.target,
      `\r\n\r\n${request("GET /")}`,
    );
    assert.equal(response.status, 200);
  });
});

describe("line ends (RFC 9112 §2.2)", () => {
  refuses([
    [
      "a bare LF after the request line (http:H-117)",
      "GET / HTTP/1.1\nHost: test\r\n\r\n",
    ],
    [
      "a bare LF after a header (http:H-117)",
      `GET / HTTP/1.1\r\nHost: test\n\r\n${SMUGGLED}`,
    ],
    [
      "a bare LF as the empty line",
      `GET / HTTP/1.1\r\nHost: test\r\n\n${SMUGGLED}`,
    ],
    ["bare LFs everywhere", "GET / HTTP/1.1\nHost: test\n\n"],
    ["a bare CR after the request line", "GET / HTTP/1.1\rHost: test\r\n\r\n"],
    [
      "a bare CR in a header value",
      "GET / HTTP/1.1\r\nHost: test\r\nX: a\rb\r\n\r\n",
    ],
    [
      "a bare CR before the end of the head",
      "GET / HTTP/1.1\r\nHost: test\r\n\rX: 1\r\n\r\n",
    ],
    ["CR CR LF", "GET / HTTP/1.1\r\r\nHost: test\r\n\r\n"],
  ]);
});

describe("header fields (RFC 9112 §5)", () => {
  const withLine = (line: string) =>
    `GET / HTTP/1.1\r\nHost: test\r\n${line}\r\n\r\n`;
  refuses([
    ["a space before the colon (http:H-119)", withLine("X-A : b")],
    ["a tab before the colon", withLine("X-A\t: b")],
    [
      "a space before the colon of Content-Length",
      withLine("Content-Length : 5"),
    ],
    [
      "a space before the colon of Transfer-Encoding",
      withLine("Transfer-Encoding : chunked"),
    ],
    ["a line without a colon", withLine("X-A")],
    ["an empty name", withLine(": b")],
    ["a name with a blank", withLine("X A: b")],
    ["a name with brackets (http:H-119)", withLine("X[]: b")],
    ["a name with an octet above 127", withLine("X\xe9: b")],
    ["a name with NUL", withLine("X\0A: b")],
    ["a name in quotes", withLine('"X": b')],
    ["NUL in a value (http:H-119)", withLine("X: a\0b")],
    ["BEL in a value", withLine("X: a\x07b")],
    ["DEL in a value", withLine("X: a\x7fb")],
    ["a folded value (http:H-118)", withLine("X: a\r\n b")],
    ["a value folded by a tab (http:H-118)", withLine("X: a\r\n\tb")],
    ["a folded Transfer-Encoding", withLine("Transfer-Encoding:\r\n chunked")],
    ["a fold as the first header", "GET / HTTP/1.1\r\n Host: test\r\n\r\n"],
  ]);
});

describe("host (RFC 9112 §3.2)", () => {
  refuses([
    ["HTTP/1.1 without host (http:H-113)", "GET / HTTP/1.1\r\n\r\n"],
    ["two hosts (http:H-113)", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
    ["the same host twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"],
    ["a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"],
    ["a host with user information", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"],
    ["a host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"],
    ["a list of hosts", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"],
    [
      "an absolute target with user information",
      "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    [
      "an absolute target without a host",
      "GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
    [
      "an absolute target of another scheme",
      "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
  ]);

  for (
    const host of [
      "",
      "a:80",
      "[::1]:8000",
      "a.b-c.example:1",
      "xn--caf-dma.example",
    ]
  ) {
    test(`accepts host "${host}"`, async () => {
      const text = `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      assert.equal((await exchange(shared.server.target, text)).status, 200);
    });
  }
});

describe("content-length (RFC 9110 §8.6, RFC 9112 §6.3)", () => {
  const post = (...lines: string[]) =>
    request("POST /", lines, `abcde${SMUGGLED}`);
  refuses([
    ["a word", post("Content-Length: abc")],
    ["nothing", post("Content-Length:")],
    ["a plus sign (http:H-115)", post("Content-Length: +5")],
    ["a minus sign (http:H-115)", post("Content-Length: -5")],
    ["a huge minus", post("Content-Length: -123456789123456789123456789")],
    ["hexadecimal digits", post("Content-Length: 0x5")],
    ["a fraction", post("Content-Length: 5.0")],
    ["an exponent", post("Content-Length: 5e0")],
    ["a blank inside", post("Content-Length: 5 5")],
    ["an underscore", post("Content-Length: 1_0")],
    ["digits of another script", post("Content-Length: \xd9\xa5")],
    ["a number past 2^53", post("Content-Length: 9007199254740993")],
    ["a number past 2^64", post("Content-Length: 18446744073709551621")],
    [
      "two different values (http:H-115)",
      post("Content-Length: 5", "Content-Length: 6"),
    ],
    ["two different values in one line", post("Content-Length: 5, 6")],
    ["a value and a word", post("Content-Length: 5", "Content-Length: x")],
  ]);

  test("accepts the same value twice, or refuses it, but never reads two requests (http:H-115)", async () => {
    const script = new Script(["echo"]);
    const client = await RawClient.connect(shared.server.target);
    client.send(
      request(`POST ${script.target}`, [
        "Content-Length: 5",
        "Content-Length: 5",
      ], "abcde"),
    );
    client.halfClose();
    const response = await client.readResponse();
    assert.ok(
      response.status === 400 || response.body === "abcde",
      response.rawHead,
    );
    assert.equal((await client.readToEnd()).bytes, "");
    client.close();
  });
});

describe("transfer-encoding (RFC 9112 §6.1)", () => {
  const chunked = `0\r\n\r\n${SMUGGLED}`;
  const post = (...lines: string[]) => request("POST /", lines, chunked);
  refuses([
    [
      "CL.TE: content-length before transfer-encoding (http:H-114)",
      post("Content-Length: 5", "Transfer-Encoding: chunked"),
    ],
    [
      "TE.CL: transfer-encoding before content-length (http:H-114)",
      post("Transfer-Encoding: chunked", "Content-Length: 5"),
    ],
    [
      "CL.TE in varying case",
      post("content-LengtH: 5", "TransFer-Encoding: chunked"),
    ],
    [
      "content-length 0 beside chunks",
      post("Content-Length: 0", "Transfer-Encoding: chunked"),
    ],
    ["chunks named twice", post("Transfer-Encoding: chunked, chunked")],
    [
      "chunks named in two fields",
      post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    ],
    [
      "TE.TE: a second value that hides the first",
      post("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
    ],
    ["chunked that is not last", post("Transfer-Encoding: chunked, gzip")],
    ["an empty value", post("Transfer-Encoding:")],
    ["chunked in quotes", post('Transfer-Encoding: "chunked"')],
    ["chunked with a vertical tab", post("Transfer-Encoding: \x0bchunked")],
    ["chunked with a parameter", post("Transfer-Encoding: chunked;x=y")],
    [
      "transfer-encoding in HTTP/1.0",
      `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}`,
    ],
  ]);

  for (
    const value of ["xchunked", "identity", "gzip", "chunke", "gzip, chunked"]
  ) {
    test(`refuses "${value}" before the application starts (http:H-116, asgi:A-113)`, async () => {
      const script = new Script(["note", "called"], ["echo"]);
      const client = await RawClient.connect(shared.server.target);
      client.send(
        request(
          `POST ${script.target}`,
          [`Transfer-Encoding: ${value}`],
          chunked,
        ),
      );
      const response = await client.readResponse();
      assert.ok([400, 501].includes(response.status), response.rawHead);
      assert.equal((await client.readToEnd()).bytes, "");
      assert.ok(!shared.server.stdout.includes(`app ${script.id} called`));
      client.close();
    });
  }
});

describe("chunks (RFC 9112 §7.1)", () => {
  const post = (chunks: string) =>
    request(
      `POST ${new Script(["echo"]).target}`,
      ["Transfer-Encoding: chunked"],
      `${chunks}${SMUGGLED}`,
    );
  refuses([
    ["a size of no digits", post("\r\nabc\r\n0\r\n\r\n")],
    ["a size that is no number", post("x\r\nabc\r\n0\r\n\r\n")],
    ["a size with a sign", post("+3\r\nabc\r\n0\r\n\r\n")],
    ["a negative size", post("-3\r\nabc\r\n0\r\n\r\n")],
    ["a size with 0x", post("0x3\r\nabc\r\n0\r\n\r\n")],
    ["a size with a blank before it", post(" 3\r\nabc\r\n0\r\n\r\n")],
    ["a size with an underscore", post("1_0\r\n0123456789abcdef\r\n0\r\n\r\n")],
    ["a size past 2^53", post("20000000000001\r\nabc")],
    [
      "a size that overflows 64 bits",
      post("10000000000000003\r\nabc\r\n0\r\n\r\n"),
    ],
    ["a size line that ends in a bare LF", post("3\nabc\r\n0\r\n\r\n")],
    ["a size line that ends in a bare CR", post("3\rabc\r\n0\r\n\r\n")],
    ["an extension that ends in a bare LF", post("3;a\nabc\r\n0\r\n\r\n")],
    ["an extension with a bare CR", post("3;a\rb\r\nabc\r\n0\r\n\r\n")],
    ["data longer than its size", post("3\r\nabcd\r\n0\r\n\r\n")],
    ["data shorter than its size", post("4\r\nabc\r\n0\r\n\r\n")],
    ["data that ends in a bare LF", post("3\r\nabc\n0\r\n\r\n")],
    ["data that ends in a bare CR", post("3\r\nabc\r0\r\n\r\n")],
    [
      "an endless extension",
      post(`3;${"a".repeat(100_000)}\r\nabc\r\n0\r\n\r\n`),
    ],
    ["a trailer without a colon", post("3\r\nabc\r\n0\r\nx\r\n\r\n")],
    ["a trailer with a space before the colon", post("0\r\nx : y\r\n\r\n")],
    [
      "a trailer that changes the length",
      post("0\r\nContent-Length: 5\r\n\r\n"),
    ],
    [
      "a trailer that changes the framing",
      post("0\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
    ["a trailer that changes the host", post("0\r\nHost: other\r\n\r\n")],
    ["a trailer section that ends in a bare LF", post("0\r\nx: y\n\r\n")],
  ]);

  test("a bad chunk after the response began ends the connection without a second answer (http:H-110)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(["start", 200], ["body", "begun", true], [
      "untilDisconnect",
    ]);
    client.send(
      request(
        `POST ${script.target}`,
        ["Transfer-Encoding: chunked"],
        "1\r\na\r\n",
      ),
    );
    await client.readUntil("begun\r\n");
    client.send("nonsense\r\n\r\n");
    assert.ok(!(await client.readToEnd()).bytes.includes("HTTP/1.1"));
    await script.seen(shared.server, /received disconnect/);
    client.close();
  });

  test("a bad chunk before the response is a 400, and the application hears of it (http:H-110)", async () => {
    const client = await RawClient.connect(shared.server.target);
    const script = new Script(["untilDisconnect"]);
    client.send(
      request(
        `POST ${script.target}`,
        ["Transfer-Encoding: chunked"],
        "1\r\na\r\n",
      ),
    );
    await script.seen(shared.server, /received 1 more/);
    client.send("nonsense\r\n\r\n");
    assert.equal((await client.readResponse()).status, 400);
    await script.seen(shared.server, /received disconnect/);
    client.close();
  });
});

test("bytes of a peer never reach the log raw", async () => {
  await refused("GET /\x1b[31m HTTP/1.1\r\nHost: \x1b[31m\r\n\r\n");
  await exchange(
    shared.server.target,
    request("GET /%1b%5b31m%0aINFO:%20fake?\x22fake"),
  );
  await shared.server.line("stdout", /fake/);
  const lines = [...shared.server.stdout, ...shared.server.stderr];
  assert.ok(
    !lines.some((line) =>
      line.includes("\x1b") || line.startsWith("INFO: fake")
    ),
  );
});

test("the server lives on", async () => {
  assert.equal(
    (await exchange(shared.server.target, request("GET /"))).status,
    200,
  );
});
