import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { getConnInfo as nodeConnInfo } from "@hono/node-server/conninfo";
import type { Context } from "hono";
import type { ConnInfo } from "hono/conninfo";
import type { HttpScope, SendEvent } from "../../../../src/asgi.ts";
import { ServerInfo } from "../../../../src/application/adapters/fetch/server_info.ts";
import { ROOT } from "../../../_support/this_runtime.ts";
import { FakeLogger } from "../../../_support/harness.ts";

function infoOf(
  parts: Partial<Omit<HttpScope, "extensions">> & { extensions?: object } = {},
): { info: ServerInfo; sent: SendEvent[] } {
  const sent: SendEvent[] = [];
  const scope = {
    type: "http",
    scheme: "https",
    http_version: "1.1",
    client: ["2001:db8::7", 4711],
    server: ["10.0.0.1", 443],
    extensions: { "http.response.informational": {} },
    ...parts,
  } as unknown as HttpScope;
  const info = new ServerInfo(scope, (event) => {
    sent.push(event);
    return Promise.resolve();
  }, new FakeLogger());
  info.attach(new Request("https://example.org/"));
  return { info, sent };
}

describe("the Fetch Server API draft", () => {
  test("has the ends of the connection, TLS and protocol", () => {
    const { info } = infoOf();
    assert.deepEqual(info.remoteAddress, {
      address: "2001:db8::7",
      port: 4711,
      family: "IPv6",
    });
    assert.deepEqual(info.localAddress, {
      address: "10.0.0.1",
      port: 443,
      family: "IPv4",
    });
    assert.equal(info.encrypted, true);
    assert.equal(info.serverName, "example.org");
    assert.equal(info.alpnProtocol, "http/1.1");
    assert.equal(info.request.url, "https://example.org/");
  });

  test("has null for what a UNIX socket or a plain connection lacks", () => {
    const { info } = infoOf({
      scheme: "http",
      client: null,
      server: ["/run/app.sock", null],
    });
    assert.equal(info.remoteAddress, null);
    assert.equal(info.localAddress, null);
    assert.equal(info.encrypted, false);
    assert.equal(info.serverName, null);
    assert.deepEqual(info.remoteAddr, {
      transport: "unix",
      path: "/run/app.sock",
    });
  });

  test("sends informational responses, and refuses what is none", () => {
    const { info, sent } = infoOf();
    info.sendInformational(103, { link: "</a.css>; rel=preload" });
    assert.deepEqual(sent, [{
      type: "http.response.informational",
      status: 103,
      headers: [["link", "</a.css>; rel=preload"]],
    }]);
    for (const status of [100, 101, 200, 1.5]) {
      assert.throws(() => info.sendInformational(status), RangeError);
    }
    const { info: old } = infoOf({ extensions: {} });
    assert.throws(() => old.sendInformational(103), {
      name: "NotSupportedError",
    });
  });

  test("tells how the response ended", async () => {
    const { info } = infoOf();
    const { completed } = info;
    info.onCompleted();
    await completed;
    const { info: other } = infoOf();
    const failed = other.completed;
    other.onFailed(new Error("cut off"));
    await assert.rejects(failed, { message: "cut off" });
  });
});

describe("helpers of frameworks find the client", () => {
  const contextOf = (env: unknown) =>
    ({ env, req: { raw: new Request("http://x/") } }) as unknown as Context;

  /** Of the file alone: what the package exports needs the runtime that it is for. */
  async function honoConnInfo(name: "bun" | "deno"): Promise<ConnInfo> {
    const url = pathToFileURL(
      `${ROOT}/node_modules/hono/dist/adapter/${name}/conninfo.js`,
    );
    const { getConnInfo } = await import(url.href);
    return getConnInfo(contextOf(infoOf().info));
  }

  test("as on Deno", async () => {
    assert.deepEqual((await honoConnInfo("deno")).remote, {
      address: "2001:db8::7",
      port: 4711,
      transport: "tcp",
    });
  });

  test("as on Node", () => {
    assert.deepEqual(nodeConnInfo(contextOf(infoOf().info)).remote, {
      address: "2001:db8::7",
      port: 4711,
      addressType: "IPv6",
    });
  });

  test("as on Bun", async () => {
    assert.deepEqual((await honoConnInfo("bun")).remote, {
      address: "2001:db8::7",
      addressType: "IPv6",
      port: 4711,
    });
  });
});
