import assert from "node:assert/strict";
import { test } from "node:test";
import { requestShell } from "../../src/runtime/request_shell.ts";
import { RUNTIME } from "../_support/this_runtime.ts";

test("a real Request is used where the runtime goes by its members", () => {
  const Shell = requestShell();
  const isRequest = new Shell("http://h/") instanceof Request;
  assert.equal(isRequest, RUNTIME === "bun");
  class Other extends Shell {
    get url() {
      return "http://other/";
    }
    get method() {
      return "PUT";
    }
  }
  if (!isRequest) return;
  const copy = new Request(new Other("http://h/") as Request, {
    cache: "no-store",
  });
  assert.deepEqual([copy.url, copy.method], ["http://other/", "PUT"]);
});
