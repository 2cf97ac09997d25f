import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type FetchRequest,
  parseFetch,
} from "../../../src/cli/fetch/fetch_arguments.ts";
import { ConfigError } from "../../../src/errors.ts";

function parsed(...args: string[]): FetchRequest {
  const request = parseFetch(args);
  assert.ok(request !== "help");
  return request;
}

describe("parseFetch()", () => {
  test("takes application and URL, and asks with GET", () => {
    assert.deepEqual(parsed("main:app", "/a?b"), {
      url: "/a?b",
      method: "GET",
      headers: [],
      data: [],
      showsHead: false,
      failsOnError: false,
      command: { action: "run", app: "main:app", options: {} },
    });
  });

  test("takes the URL alone: the application may be named elsewhere", () => {
    const { url, command } = parsed("https://a.b/");
    assert.equal(url, "https://a.b/");
    assert.equal(command.app, undefined);
  });

  test("reads the flags of the request, wherever they stand", () => {
    const request = parsed(
      "-i",
      "main:app",
      "-XPUT",
      "-H",
      "A: b:c",
      "-HB:",
      "/",
      "--data=x=y",
      "-d@file",
      "-d",
      "@-",
      "--fail",
    );
    assert.equal(request.method, "PUT");
    assert.deepEqual(request.headers, [["A", "b:c"], ["B", ""]]);
    assert.deepEqual(request.data, [
      { kind: "text", text: "x=y" },
      { kind: "file", path: "file" },
      { kind: "file", path: "-" },
    ]);
    assert.equal(request.showsHead, true);
    assert.equal(request.failsOnError, true);
    assert.equal(request.command.app, "main:app");
  });

  test("a body makes it a POST, unless a method is given", () => {
    assert.equal(parsed("/", "-d", "x").method, "POST");
    assert.equal(parsed("/", "-d", "x", "-X", "PATCH").method, "PATCH");
  });

  test("keeps the options of a server, and their values", () => {
    const { command, url } = parsed(
      "--root-path",
      "/api",
      "main:app",
      "--no-access-log",
      "--log-level=debug",
      "/x",
      "--header",
      "X-A: 1",
    );
    assert.equal(url, "/x");
    assert.deepEqual(command.options, {
      rootPath: "/api",
      accessLog: false,
      logLevel: "debug",
      headers: [["x-a", "1"]],
    });
  });

  test("what follows -- is no flag", () => {
    assert.equal(parsed("--", "-i:app", "/").command.app, "-i:app");
  });

  test("asks for help", () => {
    assert.equal(parseFetch(["--help"]), "help");
    assert.equal(parseFetch(["main:app", "/", "-h"]), "help");
  });

  for (
    const [args, message] of [
      [[], /^Missing argument 'URL'/],
      [["main:app"], /^Missing argument 'URL'/],
      [["main:app", "x"], /^Invalid value for 'URL': .x. is neither/],
      [["main:app", "/", "/b"], /^Got unexpected extra argument \(\/b\)$/],
      [["main:app", "/", "b", "c"], /extra arguments \(b c\)$/],
      [["/", "-X"], /^Option '-X' requires an argument\.$/],
      [["/", "-X", "A B"], /^Invalid value for '--request'/],
      [["/", "-H", "nothing"], /^Invalid value for '-H'/],
      [["/", "-H", "a b: c"], /^Invalid value for '-H'/],
      [["/", "-H", "a: c\r\nd: e"], /^Invalid value for '-H'/],
      [["/", "--fail=1"], /^Option '--fail' does not take a value\.$/],
      [["/", "--nonsense"], /^No such option '--nonsense'/],
      [["/", "--check"], /^Cannot use --check/],
    ] as const
  ) {
    test(`refuses ${JSON.stringify(args)}`, () => {
      assert.throws(() => parseFetch(args), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, message);
        assert.equal(error.exitCode, 2);
        return true;
      });
    });
  }
});
