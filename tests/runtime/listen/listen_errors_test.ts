import assert from "node:assert/strict";
import { test } from "node:test";
import { ListenError } from "../../../src/errors.ts";
import {
  listenError,
  refusal,
} from "../../../src/runtime/listen/listen_errors.ts";

const tcp = { kind: "tcp", host: "127.0.0.1", port: 8000 } as const;
const unix = { kind: "unix", path: "/run/app.sock" } as const;

function failure(fields: Record<string, unknown>): Error {
  return Object.assign(new Error("os text"), fields);
}

for (
  const [name, target, cause, code, message] of [
    [
      "words a busy port",
      tcp,
      failure({ code: "EADDRINUSE", errno: 98 }),
      "EADDRINUSE",
      "Cannot listen on 127.0.0.1:8000: address already in use",
    ],
    [
      "takes EINVAL on an IP address for EADDRNOTAVAIL",
      tcp,
      failure({ code: "EINVAL" }),
      "EADDRNOTAVAIL",
      "Cannot listen on 127.0.0.1:8000: this machine has no such address",
    ],
    [
      "words a missing directory",
      unix,
      failure({ code: "ENOENT" }),
      "ENOENT",
      "Cannot listen on unix:/run/app.sock: the directory does not exist",
    ],
    [
      "knows Deno's refusal by its name",
      tcp,
      failure({ name: "NotCapable" }),
      "NotCapable",
      "Cannot listen on 127.0.0.1:8000: os text",
    ],
    [
      "keeps the text of what it does not know",
      unix,
      failure({ code: "EIO" }),
      "EIO",
      "Cannot listen on unix:/run/app.sock: os text",
    ],
    [
      "has a code where the system gives none",
      tcp,
      "odd",
      "ERR_TRICORN_LISTEN",
      "Cannot listen on 127.0.0.1:8000: odd",
    ],
  ] as const
) {
  test(`listenError() ${name}`, () => {
    const error = listenError(target, cause);
    assert.ok(error instanceof ListenError);
    assert.equal(error.code, code);
    assert.equal(error.message, message);
    assert.equal(error.cause, cause);
  });
}

test("listenError() passes on what is worded already", () => {
  const error = refusal(unix, "EADDRINUSE");
  assert.equal(listenError(unix, error), error);
});
