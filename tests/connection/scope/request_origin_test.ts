import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Scope } from "../../../src/asgi.ts";
import type { HttpSettings } from "../../../src/connection/context.ts";
import {
  clientText,
  ofClient,
  originOf,
  type OriginRule,
  type PeerOrigin,
} from "../../../src/connection/scope/request_origin.ts";
import type { RequestHead } from "../../../src/http/request_head.ts";
import { answering, FakeLogger, Harness } from "../../_support/harness.ts";
import { harnessOf, WEBSOCKET } from "../../_support/websocket_puppet.ts";
import { handshakeRequest } from "../../_support/websocket_frames.ts";

function origin(fields: Partial<PeerOrigin> = {}): PeerOrigin {
  return {
    client: { host: "10.0.0.9", port: 50123 },
    scheme: "http",
    rootPath: "",
    host: undefined,
    clientText: undefined,
    server: ["127.0.0.1", 8000],
    isTrusted: undefined,
    ...fields,
  };
}

describe("originOf()", () => {
  const logger = new FakeLogger();
  const own = origin();

  test("is the connection's own, the same object, without a rule", () => {
    assert.equal(originOf({} as RequestHead, own, undefined, logger), own);
  });

  test("is what the rule makes of head and connection", () => {
    const head = { rawPath: "/" } as RequestHead;
    const other = origin({ scheme: "https" });
    const asked: unknown[] = [];
    const found = originOf(head, own, (...args) => {
      asked.push(...args);
      return other;
    }, logger);
    assert.equal(found, other);
    assert.deepEqual(asked, [head, own, logger]);
  });
});

describe("clientText() and ofClient()", () => {
  for (
    const [what, client, text] of [
      ["an IPv4 client", { host: "10.0.0.9", port: 1 }, "10.0.0.9:1"],
      ["an IPv6 client", { host: "fe80::1", port: 1 }, "[fe80::1]:1"],
      ["a client without an address (http:H-151)", undefined, ""],
    ] as const
  ) {
    test(`name ${what}`, () => {
      const one = origin({ client });
      assert.equal(clientText(one), text);
      assert.equal(clientText(one), text);
      assert.equal(ofClient(one, "x"), text === "" ? "x" : `${text} - x`);
    });
  }
});

describe("a rule of the server's", () => {
  /** Believes the header `x-from`: client, scheme, mount point. */
  const rule: OriginRule = (head, own) => {
    const value = head.headers.find(([name]) => name === "x-from")?.[1];
    if (value === undefined) return own;
    const [host, port, scheme, rootPath] = value.split(" ");
    return origin({
      client: { host: host!, port: Number(port) },
      scheme: scheme!,
      rootPath: rootPath!,
    });
  };
  const FROM = "x-from: 2001:db8::7 4711 https /mount";
  const settings: Partial<HttpSettings> = { originRule: rule };
  const seen = ({ client, scheme, root_path, path }: Scope & {
    client?: unknown;
    scheme?: unknown;
    root_path?: unknown;
    path?: unknown;
  }) => ({ client, scheme, root_path, path });

  test("shows in the scope, the access entry and the log lines of its request alone", async () => {
    const scopes: unknown[] = [];
    const harness = new Harness(async (scope, receive, send) => {
      scopes.push(seen(scope));
      await answering("")(scope, receive, send);
    }, { settings });
    const socket = harness.connect();
    for (const fields of [`${FROM}\r\n`, "", `${FROM}\r\nupgrade: h2c\r\n`]) {
      socket.receive(`GET /a HTTP/1.1\r\nhost: a\r\n${fields}\r\n`);
      await harness.turn();
    }
    const there = {
      client: ["2001:db8::7", 4711],
      scheme: "https",
      root_path: "/mount",
      path: "/mount/a",
    };
    const here = {
      client: ["127.0.0.1", 50123],
      scheme: "http",
      root_path: "",
      path: "/a",
    };
    assert.deepEqual(scopes, [there, here, there]);
    assert.deepEqual(
      harness.requests.map(({ client, path }) => [client, path]),
      [
        ["[2001:db8::7]:4711", "/mount/a"],
        ["127.0.0.1:50123", "/a"],
        ["[2001:db8::7]:4711", "/mount/a"],
      ],
    );
  });

  test("shows in the line of a refusal, and not in that of the next request", async () => {
    const harness = new Harness(answering(""), {
      settings: { ...settings, maxBodyBytes: 1 },
    });
    const socket = harness.connect();
    socket.receive(
      `POST / HTTP/1.1\r\nhost: a\r\n${FROM}\r\ncontent-length: 9\r\n\r\n`,
    );
    await harness.turn();
    assert.match(
      harness.logger.at("warning").join("\n"),
      /^413 for \[2001:db8::7\]:4711: /,
    );
    const other = harness.connect();
    other.receive(`GET / HTTP/1.1\r\nhost: a\r\n${FROM}\r\n\r\n`);
    await harness.turn();
    other.receive("GET /\r\n\r\n");
    await harness.turn();
    assert.match(harness.logger.at("warning").at(-1)!, /\(127.0.0.1:50123\)$/);
  });

  test("shows in the scope and the access entry of a WebSocket", async () => {
    const scopes: unknown[] = [];
    const harness = harnessOf(async (scope, receive, send) => {
      scopes.push(seen(scope));
      await receive();
      await send({ type: "websocket.accept" });
      await receive();
    }, { settings, websocket: WEBSOCKET });
    const socket = harness.connect();
    socket.receive(handshakeRequest("/chat", [FROM]));
    await harness.turn();
    assert.deepEqual(scopes, [{
      client: ["2001:db8::7", 4711],
      scheme: "wss",
      root_path: "/mount",
      path: "/mount/chat",
    }]);
    assert.deepEqual(
      harness.requests.map(({ client, path }) => [client, path]),
      [["[2001:db8::7]:4711", "/mount/chat"]],
    );
    socket.close();
    await harness.turn();
  });
});
