import assert from "node:assert/strict";
import { test } from "node:test";
import {
  forbidsBody,
  reasonPhrase,
  statusLine,
} from "../../src/http/status_lines.ts";

const decoder = new TextDecoder();

for (
  const [status, line] of [
    [100, "HTTP/1.1 100 Continue\r\n"],
    [103, "HTTP/1.1 103 Early Hints\r\n"],
    [200, "HTTP/1.1 200 OK\r\n"],
    [204, "HTTP/1.1 204 No Content\r\n"],
    [304, "HTTP/1.1 304 Not Modified\r\n"],
    [413, "HTTP/1.1 413 Content Too Large\r\n"],
    [500, "HTTP/1.1 500 Internal Server Error\r\n"],
    // http:H-049: no phrase, and the space in front of it stays (RFC 9112 §4).
    [299, "HTTP/1.1 299 \r\n"],
    [599, "HTTP/1.1 599 \r\n"],
  ] as const
) {
  test(`statusLine() of ${status} is ${JSON.stringify(line)}`, () => {
    assert.equal(decoder.decode(statusLine(status)), line);
  });
}

test("statusLine() builds each line once", () => {
  assert.equal(statusLine(202), statusLine(202));
});

test("every status from 100 to 599 has a line of the one form (RFC 9112 §4)", () => {
  for (let status = 100; status <= 599; status++) {
    assert.match(
      decoder.decode(statusLine(status)),
      new RegExp(`^HTTP/1\\.1 ${status} [A-Za-z' -]*\r\n$`),
    );
  }
});

for (
  const [status, phrase] of [
    [200, "OK"],
    [418, "I'm a Teapot"],
    [431, "Request Header Fields Too Large"],
    [503, "Service Unavailable"],
    [599, ""],
    [0, ""],
  ] as const
) {
  test(`reasonPhrase() of ${status} is "${phrase}" (http:H-049)`, () => {
    assert.equal(reasonPhrase(status), phrase);
  });
}

for (
  const [status, expected] of [
    [100, true],
    [103, true],
    [199, true],
    [200, false],
    [203, false],
    [204, true],
    [205, true],
    [303, false],
    [304, true],
    [305, false],
    [404, false],
    [500, false],
  ] as const
) {
  test(`forbidsBody() says ${expected} of ${status} (RFC 9110 §6.4.1)`, () => {
    assert.equal(forbidsBody(status), expected);
  });
}
