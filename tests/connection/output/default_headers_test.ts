import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type DefaultHeaderOptions,
  DefaultHeaders,
} from "../../../src/connection/output/default_headers.ts";
import { latin1Text } from "../../_support/fake_socket.ts";

const EPOCH = Date.UTC(2026, 10, 21, 2, 3, 4); // a Saturday
const DATE = "date: Sat, 21 Nov 2026 02:03:04 GMT\r\n";

function defaults(options: Partial<DefaultHeaderOptions> = {}): DefaultHeaders {
  const made = new DefaultHeaders({
    date: true,
    server: "tricorn",
    headers: [],
    ...options,
  });
  made.refresh(EPOCH);
  return made;
}

const prefix = (made: DefaultHeaders, status = 200) =>
  latin1Text(made.prefix(status));

describe("DefaultHeaders", () => {
  for (
    const [behavior, options, lines] of [
      [
        "sends date, then server (asgi:A-107, http:H-044)",
        {},
        `${DATE}server: tricorn\r\n`,
      ],
      ["leaves the date away", { date: false }, "server: tricorn\r\n"],
      ["leaves the server away", { server: undefined }, DATE],
      ["sends neither", { date: false, server: undefined }, ""],
      ["puts configured fields behind both, lowered (http:H-148)", {
        headers: [["X-Frame", "DENY"], ["x-b", "2"]],
      }, `${DATE}server: tricorn\r\nx-frame: DENY\r\nx-b: 2\r\n`],
      ["lets a configured server take the place of ours (http:H-148)", {
        headers: [["Server", "mine"]],
      }, `${DATE}server: mine\r\n`],
      ["sends every configured server", {
        headers: [["server", "a"], ["SERVER", "b"]],
      }, `${DATE}server: a\r\nserver: b\r\n`],
      ["lets a configured date take the place of ours", {
        headers: [["Date", "never"]],
      }, "server: tricorn\r\ndate: never\r\n"],
    ] as const
  ) {
    test(behavior, () => {
      assert.equal(prefix(defaults(options)), `HTTP/1.1 200 OK\r\n${lines}`);
    });
  }

  test("begins with the status line of each status", () => {
    const made = defaults();
    assert.match(prefix(made, 404), /^HTTP\/1\.1 404 Not Found\r\ndate: /);
    assert.match(prefix(made, 599), /^HTTP\/1\.1 599 \r\ndate: /);
  });

  test("renders a prefix once within a second", () => {
    const made = defaults();
    const first = made.prefix(200);
    made.refresh(EPOCH + 999);
    assert.equal(made.prefix(200), first);
  });

  test("renders the date anew in the next second (http:H-146)", () => {
    const made = defaults();
    made.prefix(200);
    made.refresh(EPOCH + 1000);
    assert.match(prefix(made), /date: Sat, 21 Nov 2026 02:03:05 GMT\r\n/);
    made.refresh(EPOCH); // a wall clock that is set back
    assert.match(prefix(made), /date: Sat, 21 Nov 2026 02:03:04 GMT\r\n/);
  });

  for (
    const [what, hasDate, hasServer, lines] of [
      ["date", true, false, "server: tricorn\r\nx: y\r\n"],
      ["server", false, true, `${DATE}x: y\r\n`],
      ["both", true, true, "x: y\r\n"],
      ["neither", false, false, `${DATE}server: tricorn\r\nx: y\r\n`],
    ] as const
  ) {
    test(`leaves to an application that brings ${what} what it brings (asgi:A-107)`, () => {
      const made = defaults({ headers: [["x", "y"]] });
      const bytes = made.prefixWithout(200, hasDate, hasServer);
      assert.equal(latin1Text(bytes), `HTTP/1.1 200 OK\r\n${lines}`);
      assert.equal(
        prefix(made),
        `HTTP/1.1 200 OK\r\n${DATE}server: tricorn\r\nx: y\r\n`,
      );
    });
  }

  test("throws for a field that configuration should have refused", () => {
    assert.throws(
      () => defaults({ headers: [["x", "a\r\nb: c"]] }),
      /Cannot render default headers/,
    );
  });
});
