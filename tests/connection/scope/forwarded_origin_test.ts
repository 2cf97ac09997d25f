/**
 * What a proxy says, from the head of a request to the scope, the access entry and the log. Peers
 * are those of fake sockets: 127.0.0.1 unless said otherwise.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { HttpScope, WebSocketScope } from "../../../src/asgi.ts";
import { forwardedOrigin } from "../../../src/connection/scope/forwarded_origin.ts";
import type { HttpSettings } from "../../../src/connection/context.ts";
import { TrustedPeers } from "../../../src/proxy/trusted_peers.ts";
import type { ForwardedHeader } from "../../../src/proxy/x_forwarded.ts";
import type { Address } from "../../../src/runtime/types.ts";
import { FakeSocket } from "../../_support/fake_socket.ts";
import { answering, Harness } from "../../_support/harness.ts";
import { handshakeRequest } from "../../_support/websocket_frames.ts";
import { harnessOf, WEBSOCKET } from "../../_support/websocket_puppet.ts";

const USUAL = ["x-forwarded-for", "x-forwarded-proto"] as const;
const LOCAL = ["127.0.0.1", "::1"];
const PEER = ["127.0.0.1", 50123];

interface Setup {
  /** Trusted peers. */
  readonly trusted?: readonly string[];
  readonly reads?: readonly ForwardedHeader[];
  readonly peer?: Address | undefined;
  readonly local?: Address;
  readonly settings?: Partial<HttpSettings>;
}

function ruleOf({ trusted = LOCAL, reads = USUAL }: Setup) {
  return forwardedOrigin({ peers: new TrustedPeers(trusted), headers: reads });
}

function socketOf(setup: Setup): FakeSocket {
  const socket = new FakeSocket();
  if ("peer" in setup) socket.remoteAddress = setup.peer;
  if (setup.local !== undefined) socket.localAddress = setup.local;
  return socket;
}

/** What comes of one request with these fields. */
async function ask(fields: readonly string[], setup: Setup = {}) {
  const scopes: HttpScope[] = [];
  const harness = new Harness(async (scope, receive, send) => {
    scopes.push(scope);
    await answering("")(scope, receive, send);
  }, { settings: { ...setup.settings, originRule: ruleOf(setup) } });
  const socket = harness.connect(socketOf(setup));
  const host = fields.some((field) => /^host:/i.test(field)) ? [] : ["host: a"];
  const lines = ["GET /p HTTP/1.1", ...host, ...fields, "", ""];
  // Octets, so that a test may send any of them.
  socket.receive(
    Uint8Array.from(lines.join("\r\n"), (char) => char.charCodeAt(0)),
  );
  await harness.turn();
  const [scope] = scopes;
  assert.ok(scope !== undefined, socket.text);
  return {
    scope,
    client: scope.client,
    access: harness.requests[0]?.client,
    debug: harness.logger.at("debug"),
  };
}

/** Fields of one trusted peer that tell the client nothing else would be. */
const TOLD = ["x-forwarded-for: 192.0.2.7:4711", "x-forwarded-proto: https"];

describe("a trusted peer", () => {
  test("tells client and scheme, in the scope and the access log (process:P-121, process:P-136)", async () => {
    const { scope, access, debug } = await ask(TOLD);
    assert.deepEqual(scope.client, ["192.0.2.7", 4711]);
    assert.equal(scope.scheme, "https");
    assert.equal(access, "192.0.2.7:4711");
    assert.deepEqual(debug, []);
    // All else is as without it, the fields themselves included.
    assert.deepEqual(scope.server, ["127.0.0.1", 8000]);
    assert.equal(scope.root_path, "");
    assert.deepEqual(scope.headers, [
      ["host", "a"],
      ["x-forwarded-for", "192.0.2.7:4711"],
      ["x-forwarded-proto", "https"],
    ]);
  });

  test("stays beside the client (asgi:A-250)", async () => {
    const { scope } = await ask(TOLD);
    assert.deepEqual(scope.extensions.connection?.peer, PEER);
    const plain = await ask([]);
    assert.deepEqual(plain.scope.extensions.connection?.peer, PEER);
    assert.deepEqual(plain.client, PEER);
  });

  test("tells of one request, not of the next", async () => {
    const clients: unknown[] = [];
    const harness = new Harness(async (scope, receive, send) => {
      clients.push([scope.client, scope.scheme]);
      await answering("")(scope, receive, send);
    }, { settings: { originRule: ruleOf({}) } });
    const socket = harness.connect();
    for (
      const fields of [TOLD, [], ["x-forwarded-for: 192.0.2.8"], TOLD]
    ) {
      const lines = ["GET / HTTP/1.1", "host: a", ...fields, "", ""];
      socket.receive(lines.join("\r\n"));
      await harness.turn();
    }
    assert.deepEqual(clients, [
      [["192.0.2.7", 4711], "https"],
      [PEER, "http"],
      [["192.0.2.8", 0], "http"],
      [["192.0.2.7", 4711], "https"],
    ]);
  });

  test("tells of a WebSocket, whose schemes are ws and wss (process:P-129)", async () => {
    for (
      const [proto, scheme] of [
        ["http", "ws"],
        ["https", "wss"],
        ["ws", "ws"],
        ["wss", "wss"],
      ] as const
    ) {
      const scopes: WebSocketScope[] = [];
      const harness = harnessOf(async (scope, receive, send) => {
        scopes.push(scope);
        await receive();
        await send({ type: "websocket.accept" });
        await receive();
      }, { settings: { originRule: ruleOf({}) }, websocket: WEBSOCKET });
      const socket = harness.connect();
      socket.receive(
        handshakeRequest("/", [
          "x-forwarded-for: 192.0.2.7:4711",
          `x-forwarded-proto: ${proto}`,
        ]),
      );
      await harness.turn();
      const [scope] = scopes;
      assert.deepEqual(scope?.client, ["192.0.2.7", 4711]);
      assert.equal(scope?.scheme, scheme);
      assert.deepEqual(scope?.extensions.connection?.peer, PEER);
      assert.deepEqual(harness.requests.map(({ client }) => client), [
        "192.0.2.7:4711",
      ]);
      socket.close();
      await harness.turn();
    }
  });

  for (
    const [proto, scheme] of [
      [["https"], "https"],
      [["wss"], "https"],
      [["ws"], "http"],
      // The last of several fields counts (process:P-128, wishes:N-027).
      [["http", "https"], "https"],
      [["https", "http"], "http"],
      [["https, http"], "http"],
      [["HTTPS"], "http"],
      [["gopher"], "http"],
      [[""], "http"],
    ] as const
  ) {
    test(`with x-forwarded-proto ${JSON.stringify(proto)} makes it ${scheme}`, async () => {
      const { scope } = await ask(
        proto.map((value) => `x-forwarded-proto: ${value}`),
      );
      assert.equal(scope.scheme, scheme);
    });
  }

  test("may send its list in several fields (process:P-130, wishes:R-051)", async () => {
    const { client } = await ask([
      "x-forwarded-for: 203.0.113.5",
      "x-forwarded-for: 192.0.2.7",
      "x-forwarded-for: 127.0.0.1",
    ]);
    assert.deepEqual(client, ["192.0.2.7", 0]);
  });
});

const NETWORK: Address = { kind: "tcp", host: "10.1.2.3", port: 9 };
const SOCKET: Address = { kind: "unix", path: "/run/a.sock" };
const NAMELESS: Address = { kind: "unix", path: "" };

describe("trust is by", () => {
  for (
    const [what, trusted, peer, local, isTrusted] of [
      ["address", ["10.1.2.3"], NETWORK, undefined, true],
      ["network", ["10.0.0.0/8"], NETWORK, undefined, true],
      [
        "neither of them",
        ["10.1.2.4", "10.2.0.0/16"],
        NETWORK,
        undefined,
        false,
      ],
      ["unix: for UNIX sockets", ["unix:"], NAMELESS, SOCKET, true],
      ["the path of one", ["/run/a.sock"], NAMELESS, SOCKET, true],
      ["unix: and the path", ["unix:/run/a.sock"], NAMELESS, SOCKET, true],
      ["another path", ["unix:/run/b.sock"], NAMELESS, SOCKET, false],
      ["unix: for one without a path", ["unix:"], NAMELESS, NAMELESS, true],
      ["address, not for UNIX sockets", LOCAL, NAMELESS, SOCKET, false],
      ["unix:, not for addresses", ["unix:"], NETWORK, undefined, false],
      [
        "unix:, not for a peer that is gone",
        ["unix:"],
        undefined,
        undefined,
        false,
      ],
      ["*, for addresses", ["*"], NETWORK, undefined, true],
      ["*, for UNIX sockets", ["*"], NAMELESS, SOCKET, true],
      ["*, for a peer that is gone", ["*"], undefined, undefined, true],
      ["nothing", [], NETWORK, undefined, false],
    ] as const
  ) {
    test(`${what} (process:P-122)`, async () => {
      const setup = { trusted, peer, ...local === undefined ? {} : { local } };
      const { client, scope, access, debug } = await ask(TOLD, setup);
      const own = peer?.kind === "tcp" ? [peer.host, peer.port] : null;
      assert.deepEqual(client, isTrusted ? ["192.0.2.7", 4711] : own);
      assert.equal(scope.scheme, isTrusted ? "https" : "http");
      assert.deepEqual(scope.extensions.connection?.peer, own);
      const text = own === null ? "" : own.join(":");
      assert.equal(access, isTrusted ? "192.0.2.7:4711" : text);
      assert.deepEqual(
        debug,
        isTrusted ? [] : [
          `${text === "" ? "" : `${text} - `}Ignored x-forwarded-for, ` +
          "x-forwarded-proto: the peer is not trusted (--forwarded-allow-ips)",
        ],
      );
    });
  }
});

describe("an attack", () => {
  test("by a client that is no proxy changes nothing, whatever it sends (process:P-135)", async () => {
    const peer: Address = { kind: "tcp", host: "198.51.100.6", port: 5 };
    const reads = [
      ...USUAL,
      "x-forwarded-host",
      "x-forwarded-port",
      "x-forwarded-prefix",
    ] as const;
    const { scope, debug } = await ask([
      "x-forwarded-for: 127.0.0.1",
      "x-forwarded-proto: https",
      "x-forwarded-host: evil.example",
      "x-forwarded-port: 1",
      "x-forwarded-prefix: /evil",
      "forwarded: for=127.0.0.1",
    ], { peer, reads });
    assert.deepEqual(scope.client, ["198.51.100.6", 5]);
    assert.equal(scope.scheme, "http");
    assert.equal(scope.root_path, "");
    assert.deepEqual(scope.headers[0], ["host", "a"]);
    assert.equal(debug.length, 1);
    assert.match(debug[0]!, /^198\.51\.100\.6:5 - Ignored x-forwarded-for, /);
  });

  for (
    const [what, list, line] of [
      [
        "with an address in front of its own",
        "127.0.0.1, 192.0.2.7",
        "Ignored '127.0.0.1' in x-forwarded-for: claimed by 192.0.2.7, " +
        "which is not trusted (--forwarded-allow-ips)",
      ],
      [
        "with characters that control a terminal",
        "\x1b]0;x\x07".replace(/[\x1b\x07]/g, "\x9b") + ", 192.0.2.7",
        "Ignored '\\x9b]0;x\\x9b' in x-forwarded-for: claimed by 192.0.2.7, " +
        "which is not trusted (--forwarded-allow-ips)",
      ],
      [
        "with a list without an end",
        `${"10.0.0.1,".repeat(7000)}192.0.2.7`,
        `Ignored '...${
          "10.0.0.1,".repeat(7000).slice(-101, -1)
        }' in x-forwarded-for: claimed by 192.0.2.7, ` +
        "which is not trusted (--forwarded-allow-ips)",
      ],
    ] as const
  ) {
    test(`through the proxy ${what} is named, and gives its sender's address`, async () => {
      const { client, access, debug } = await ask([`x-forwarded-for: ${list}`]);
      assert.deepEqual(client, ["192.0.2.7", 0]);
      assert.equal(access, "192.0.2.7:0");
      assert.deepEqual(debug, [`127.0.0.1:50123 - ${line}`]);
    });
  }

  for (
    const [what, list, line] of [
      ["a word", "localhost", "cannot read 'localhost'"],
      ["a bad port", "192.0.2.7:x", "cannot read '192.0.2.7:x'"],
      ["an open bracket", "[::1", "cannot read '[::1'"],
      ["text behind a bracket", "[::1]x", "cannot read '[::1]x'"],
      ["a network", "10.0.0.0/8", "cannot read '10.0.0.0/8'"],
      ["a UNIX socket", "unix:", "cannot read 'unix:'"],
      ["octets beyond ASCII", "\xff\xfe", "cannot read 'ÿþ'"],
      ["nothing", "", "nothing stands where the client should"],
      ["commas", ",,,", "nothing stands where the client should"],
      ["unknown", "unknown", "it hides the client as 'unknown'"],
      [
        "an endless word",
        "a".repeat(60_000),
        `cannot read '...${"a".repeat(100)}'`,
      ],
    ] as const
  ) {
    test(`or a mistake: ${what} for an address leaves the client as it is`, async () => {
      const { client, scope, debug } = await ask([
        `x-forwarded-for: ${list}`,
        "x-forwarded-proto: https",
      ]);
      assert.deepEqual(client, PEER);
      assert.equal(scope.scheme, "https");
      assert.deepEqual(debug, [
        `127.0.0.1:50123 - Ignored x-forwarded-for: ${line}`,
      ]);
    });
  }

  test("or a mistake in a scheme is named", async () => {
    const { debug } = await ask(["x-forwarded-proto: java\tscript"]);
    assert.deepEqual(debug, [
      "127.0.0.1:50123 - Ignored x-forwarded-proto: cannot use 'java\\tscript'",
    ]);
  });

  test("by a field that the proxy does not set, and passes on, is named and changes nothing", async () => {
    const { client, scope, debug } = await ask([
      ...TOLD,
      "forwarded: for=127.0.0.1;host=evil.example;proto=http",
      "x-forwarded-host: evil.example",
      "x-forwarded-prefix: /evil",
    ]);
    assert.deepEqual(client, ["192.0.2.7", 4711]);
    assert.equal(scope.scheme, "https");
    assert.deepEqual(scope.headers[0], ["host", "a"]);
    assert.deepEqual(debug, [
      "127.0.0.1:50123 - Ignored forwarded, x-forwarded-host, " +
      "x-forwarded-prefix: not in --forwarded-headers",
    ]);
  });

  test("by X-Forwarded-For where Forwarded is set does not work either", async () => {
    const { client, scope, debug } = await ask(
      ["forwarded: for=192.0.2.7", "x-forwarded-for: 127.0.0.1", TOLD[1]!],
      { reads: ["forwarded"] },
    );
    assert.deepEqual(client, ["192.0.2.7", 0]);
    assert.equal(scope.scheme, "http");
    assert.deepEqual(debug, [
      "127.0.0.1:50123 - Ignored x-forwarded-for, x-forwarded-proto: " +
      "not in --forwarded-headers",
    ]);
  });
});

describe("the option forwarded (wishes:N-008)", () => {
  const forwarded = (value: string, setup: Setup = {}) =>
    ask([`forwarded: ${value}`], { ...setup, reads: ["forwarded"] });

  test("takes client, scheme and host from one field", async () => {
    const { scope, debug } = await forwarded(
      'for="[2001:db8::7]:4711";proto=HTTPS;host="a.example:8443"',
    );
    assert.deepEqual(scope.client, ["2001:db8::7", 4711]);
    assert.equal(scope.scheme, "https");
    assert.deepEqual(scope.headers[0], ["host", "a.example:8443"]);
    assert.deepEqual(debug, []);
  });

  test("takes fields together, in order", async () => {
    const { client } = await ask([
      "forwarded: for=203.0.113.5",
      "forwarded: for=192.0.2.7, for=127.0.0.1",
    ], { reads: ["forwarded"] });
    assert.deepEqual(client, ["192.0.2.7", 0]);
  });

  for (
    const [what, value, line] of [
      ["a quote that is not closed", 'for="127.0.0.1', "cannot read"],
      ["a word for an address", "for=localhost;proto=https", "cannot read"],
      ["two addresses", "for=1.2.3.4;for=127.0.0.1", "cannot read"],
      ["IPv6 without quotes", "for=[::1];host=evil.example", "cannot read"],
    ] as const
  ) {
    test(`uses nothing of a field with ${what}`, async () => {
      const { scope, debug } = await forwarded(value);
      assert.deepEqual(scope.client, PEER);
      assert.equal(scope.scheme, "http");
      assert.deepEqual(scope.headers[0], ["host", "a"]);
      assert.equal(debug.length, 1);
      assert.ok(
        debug[0]!.startsWith(`127.0.0.1:50123 - Ignored forwarded: ${line} '`),
        debug[0],
      );
    });
  }

  for (
    const [what, value, line] of [
      ["made up", "for=_x;proto=https", "it hides the client as '_x'"],
      [
        "unknown",
        "for=unknown;proto=https",
        "it hides the client as 'unknown'",
      ],
      ["not told", "proto=https", "nothing stands where the client should"],
    ] as const
  ) {
    test(`leaves the client as it is if it is ${what}, and takes the scheme`, async () => {
      const { scope, debug } = await forwarded(value);
      assert.deepEqual(scope.client, PEER);
      assert.equal(scope.scheme, "https");
      assert.deepEqual(debug, [
        `127.0.0.1:50123 - Ignored forwarded: ${line}`,
      ]);
    });
  }

  test("refuses a scheme and a host that are none", async () => {
    const { scope, debug } = await forwarded(
      'for=192.0.2.7;proto=file;host="a.example/x"',
    );
    assert.deepEqual(scope.client, ["192.0.2.7", 0]);
    assert.equal(scope.scheme, "http");
    assert.deepEqual(scope.headers[0], ["host", "a"]);
    assert.deepEqual(debug, [
      "127.0.0.1:50123 - Ignored proto of forwarded: cannot use 'file'",
      "127.0.0.1:50123 - Ignored host of forwarded: cannot use 'a.example/x'",
    ]);
  });
});

describe("the options x-forwarded-host and x-forwarded-port (wishes:N-008)", () => {
  const reads = [
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
  ] as const;
  for (
    const [fields, host] of [
      [["x-forwarded-host: b.example"], "b.example"],
      [["x-forwarded-host: b.example:8443"], "b.example:8443"],
      [["x-forwarded-host: [2001:db8::1]:8443"], "[2001:db8::1]:8443"],
      [
        ["x-forwarded-host: b.example", "x-forwarded-host: c.example"],
        "c.example",
      ],
      [["x-forwarded-host: b.example, c.example"], "a.example:8000"],
      [["x-forwarded-host: evil.example/x"], "a.example:8000"],
      [["x-forwarded-host: user@evil.example"], "a.example:8000"],
      [["x-forwarded-host:"], "a.example:8000"],
      [["x-forwarded-port: 8443"], "a.example:8443"],
      [["x-forwarded-port: 80"], "a.example"],
      [["x-forwarded-port: 443"], "a.example:443"],
      [["x-forwarded-port: 443", "x-forwarded-proto: https"], "a.example"],
      [["x-forwarded-port: 0"], "a.example:8000"],
      [["x-forwarded-port: 80, 81"], "a.example:8000"],
      [
        ["x-forwarded-host: b.example:1", "x-forwarded-port: 8443"],
        "b.example:8443",
      ],
    ] as const
  ) {
    test(`make the host ${host} of ${fields.join("; ")}`, async () => {
      const { scope, debug } = await ask(
        ["x-a: 1", "host: a.example:8000", ...fields],
        { reads },
      );
      const hosts = scope.headers.filter(([name]) => name === "host");
      assert.deepEqual(hosts, [["host", host]]);
      assert.deepEqual(scope.server, ["127.0.0.1", 8000]);
      assert.ok(scope.headers.some(([name]) => name === "x-a"));
      assert.equal(debug.length, host === "a.example:8000" ? 1 : 0, debug[0]);
    });
  }

  test("tell nothing of the request that follows", async () => {
    const hosts: unknown[] = [];
    const harness = new Harness(async (scope, receive, send) => {
      hosts.push(scope.headers.find(([name]) => name === "host")?.[1]);
      await answering("")(scope, receive, send);
    }, { settings: { originRule: ruleOf({ reads }) } });
    const socket = harness.connect();
    // Often enough that the head is one that the parser knows.
    for (let i = 0; i < 4; i++) {
      for (const field of ["x-forwarded-host: b.example\r\n", ""]) {
        socket.receive(`GET / HTTP/1.1\r\nhost: a\r\n${field}\r\n`);
        await harness.turn();
      }
    }
    const pair = ["b.example", "a"];
    assert.deepEqual(hosts, [...pair, ...pair, ...pair, ...pair]);
  });
});

describe("the option x-forwarded-prefix (wishes:N-008)", () => {
  const reads = ["x-forwarded-prefix"] as const;
  for (
    const [prefix, settings, rootPath, path] of [
      ["/api", {}, "/api", "/api/p"],
      ["/api/", {}, "/api", "/api/p"],
      ["/a%20b", {}, "/a b", "/a b/p"],
      // It takes the place of --root-path, and goes into the path as that does.
      ["/api", { rootPath: "/own" }, "/api", "/api/p"],
      ["/", { rootPath: "/own" }, "", "/p"],
      ["/api", { prefixesRootPath: false }, "/api", "/p"],
      ["//evil.example", { rootPath: "/own" }, "/own", "/own/p"],
      ["https://evil.example", {}, "", "/p"],
      ["/../x", {}, "", "/p"],
    ] as const
  ) {
    test(`makes the root path "${rootPath}" and the path ${path} of ${prefix} and ${JSON.stringify(settings)}`, async () => {
      const { scope } = await ask([`x-forwarded-prefix: ${prefix}`], {
        reads,
        settings,
      });
      assert.equal(scope.root_path, rootPath);
      assert.equal(scope.path, path);
      assert.equal(scope.raw_path, "/p");
    });
  }
});

test("a warning names the client that the scope has", async () => {
  const harness = new Harness(answering(""), {
    settings: { originRule: ruleOf({}), maxBodyBytes: 1 },
  });
  const socket = harness.connect();
  socket.receive(
    `POST / HTTP/1.1\r\nhost: a\r\n${TOLD[0]}\r\ncontent-length: 9\r\n\r\n`,
  );
  await harness.turn();
  assert.match(
    harness.logger.at("warning").join("\n"),
    /^413 for 192\.0\.2\.7:4711: /,
  );
});
