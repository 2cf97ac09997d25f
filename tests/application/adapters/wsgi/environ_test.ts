import assert from "node:assert/strict";
import { test } from "node:test";
import { environOf } from "../../../../src/application/adapters/wsgi/environ.ts";
import { WsgiErrors } from "../../../../src/application/adapters/wsgi/wsgi_errors.ts";
import { WsgiInput } from "../../../../src/application/adapters/wsgi/wsgi_input.ts";
import type { HttpScope } from "../../../../src/asgi.ts";
import { FakeLogger } from "../../../_support/harness.ts";

const input = new WsgiInput(() => Promise.reject(new Error("unused")));
const errors = new WsgiErrors(new FakeLogger());

function scopeWith(parts: Partial<HttpScope>): HttpScope {
  return {
    type: "http",
    asgi: { version: "3.0", spec_version: "2.5" },
    http_version: "1.1",
    method: "POST",
    scheme: "http",
    path: "/a",
    raw_path: "/a",
    query_string: "",
    root_path: "",
    headers: [],
    client: ["192.0.2.1", 4000],
    server: ["127.0.0.1", 8000],
    state: {},
    extensions: {} as HttpScope["extensions"],
    ...parts,
  };
}

function environ(parts: Partial<HttpScope>) {
  return environOf(scopeWith(parts), input, errors);
}

test("an environment holds every variable that PEP 3333 asks for", () => {
  const scope = scopeWith({ query_string: "x=1" });
  assert.deepEqual(environOf(scope, input, errors), {
    REQUEST_METHOD: "POST",
    SCRIPT_NAME: "",
    PATH_INFO: "/a",
    QUERY_STRING: "x=1",
    SERVER_NAME: "127.0.0.1",
    SERVER_PORT: "8000",
    SERVER_PROTOCOL: "HTTP/1.1",
    REMOTE_ADDR: "192.0.2.1",
    REMOTE_PORT: "4000",
    "wsgi.version": [1, 0],
    "wsgi.url_scheme": "http",
    "wsgi.input": input,
    "wsgi.errors": errors,
    "wsgi.multithread": false,
    "wsgi.multiprocess": true,
    "wsgi.run_once": false,
    "asgi.scope": scope,
  });
});

test("the mount point is no part of PATH_INFO", () => {
  const { SCRIPT_NAME, PATH_INFO } = environ({
    root_path: "/api",
    path: "/api/users",
  });
  assert.deepEqual([SCRIPT_NAME, PATH_INFO], ["/api", "/users"]);
});

test("paths are octets, one in each unit", () => {
  assert.equal(environ({ path: "/é€" }).PATH_INFO, "/\xc3\xa9\xe2\x82\xac");
});

test("fields become variables, and repeated ones are joined", () => {
  const all = environ({
    headers: [
      ["content-type", "text/plain"],
      ["content-length", "3"],
      ["x-one", "1"],
      ["x-one", "2"],
      ["cookie", "a=1"],
      ["cookie", "b=2"],
    ],
  });
  assert.equal(all["CONTENT_TYPE"], "text/plain");
  assert.equal(all["CONTENT_LENGTH"], "3");
  assert.equal(all["HTTP_X_ONE"], "1,2");
  assert.equal(all["HTTP_COOKIE"], "a=1; b=2");
  assert.ok(!("HTTP_CONTENT_TYPE" in all));
});

test("a field with an underscore cannot pass for one with a dash", () => {
  const all = environ({
    headers: [["x_forwarded_for", "6.6.6.6"], ["x-forwarded-for", "1.2.3.4"]],
  });
  assert.equal(all["HTTP_X_FORWARDED_FOR"], "1.2.3.4");
});

test("behind a UNIX socket there are names and ports all the same", () => {
  const all = environ({
    client: null,
    server: ["/run/a.sock", null],
    scheme: "https",
  });
  assert.equal(all["SERVER_NAME"], "/run/a.sock");
  assert.equal(all["SERVER_PORT"], "443");
  assert.ok(!("REMOTE_ADDR" in all));
  assert.equal(environ({ server: null })["SERVER_NAME"], "localhost");
  assert.equal(environ({ server: null })["SERVER_PORT"], "80");
});
