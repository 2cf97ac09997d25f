import assert from "node:assert/strict";
import { test } from "node:test";
import { ListenError } from "../../../src/errors.ts";
import { resolveTarget, runtime } from "../../../src/runtime/mod.ts";
import type {
  Address,
  Listener,
  ListenTarget,
  Transport,
} from "../../../src/runtime/types.ts";
import {
  bindingsFor,
  Listeners,
} from "../../../src/server/listening/listeners.ts";

const OPTIONS = { backlog: 16 };
const never = () => {
  throw new Error("Cannot happen: nobody connects");
};

/** Binds nothing, and keeps a list of what is open. */
class FakeTransport implements Transport {
  readonly name = "node";
  readonly open: string[] = [];
  /** What happened, in order. */
  readonly events: string[] = [];
  /** Code of the failure for a host, or for a host and a port. */
  readonly failures: Record<string, string> = {};
  /** Ports that the kernel chooses. */
  readonly ports = [1001, 1002, 1003, 1004];

  unsupported(): undefined {}

  isPreferredFor(): boolean {
    return true;
  }

  bind(target: ListenTarget): Promise<Listener> {
    if (target.kind !== "tcp") throw new Error("Cannot happen: not TCP");
    const { host, port } = target;
    const code = this.failures[host] ?? this.failures[`${host} ${port}`];
    if (code !== undefined) {
      return Promise.reject(new ListenError(`Cannot have ${host}`, code));
    }
    const address: Address = {
      kind: "tcp",
      host,
      port: port === 0 ? this.ports.shift()! : port,
    };
    const text = `${address.host} ${address.port}`;
    this.open.push(text);
    this.events.push(`bind ${text}`);
    return Promise.resolve({
      address,
      accept: () => void this.events.push(`accept ${text}`),
      close: () => {
        this.open.splice(this.open.indexOf(text), 1);
        return Promise.resolve();
      },
      ref() {},
      unref() {},
    });
  }
}

function openAll(
  transport: FakeTransport,
  targets: readonly (readonly [host: string, port: number])[],
): Promise<Listeners> {
  const bindings = targets.map(([host, port]) => ({
    target: { kind: "tcp", host, port } as const,
    transport,
  }));
  return Listeners.open(
    bindings,
    OPTIONS,
    never,
    (target) =>
      resolveTarget(target, (name) => {
        assert.equal(name, "both.example");
        return Promise.resolve(["::1", "127.0.0.1"]);
      }),
  );
}

function shown({ addresses }: Listeners): readonly string[] {
  return addresses.map((address) =>
    address.kind === "tcp" ? `${address.host} ${address.port}` : address.path
  );
}

test("Listeners.open() listens on all, in their order", async () => {
  const transport = new FakeTransport();
  const listeners = await openAll(transport, [["::1", 80], ["10.0.0.1", 0]]);
  assert.deepEqual(shown(listeners), ["::1 80", "10.0.0.1 1001"]);
  assert.deepEqual(listeners.bound[1], {
    target: { kind: "tcp", host: "10.0.0.1", port: 0 },
    address: { kind: "tcp", host: "10.0.0.1", port: 1001 },
  });
  await listeners.close();
  assert.deepEqual(transport.open, []);
});

test("Listeners.open() binds all before it accepts on the first", async () => {
  const transport = new FakeTransport();
  await openAll(transport, [["::1", 80], ["both.example", 0]]);
  assert.deepEqual(transport.events, [
    "bind ::1 80",
    "bind 127.0.0.1 1001",
    "bind ::1 1001",
    "accept ::1 80",
    "accept 127.0.0.1 1001",
    "accept ::1 1001",
  ]);
});

test("Listeners.open() accepts nothing if one cannot be had", async () => {
  const transport = new FakeTransport();
  transport.failures["10.0.0.9"] = "EADDRINUSE";
  const targets = [["10.0.0.1", 80], ["10.0.0.9", 80]] as const;
  await assert.rejects(openAll(transport, targets), { code: "EADDRINUSE" });
  assert.deepEqual(transport.events, ["bind 10.0.0.1 80"]);
});

test("Listeners.open() leaves nothing open if one cannot be had", async () => {
  const transport = new FakeTransport();
  transport.failures["10.0.0.9"] = "EADDRNOTAVAIL";
  const targets = [["10.0.0.1", 80], ["both.example", 0], [
    "10.0.0.9",
    80,
  ]] as const;
  await assert.rejects(openAll(transport, targets), { code: "EADDRNOTAVAIL" });
  assert.deepEqual(transport.open, []);
});

test("Listeners.open() listens on every address of a name, with one port", async () => {
  const listeners = await openAll(new FakeTransport(), [["both.example", 0]]);
  assert.deepEqual(shown(listeners), ["127.0.0.1 1001", "::1 1001"]);
  assert.equal(
    (listeners.bound[0]!.target as { name?: string }).name,
    "both.example",
  );
});

test("Listeners.open() chooses another port if that of one address is busy at the next", async () => {
  const transport = new FakeTransport();
  transport.failures["::1 1001"] = "EADDRINUSE";
  const listeners = await openAll(transport, [["both.example", 0]]);
  assert.deepEqual(shown(listeners), ["127.0.0.1 1002", "::1 1002"]);
  assert.deepEqual(transport.open, ["127.0.0.1 1002", "::1 1002"]);
});

test("Listeners.open() does not choose ports for ever", async () => {
  const transport = new FakeTransport();
  transport.ports.push(...Array.from({ length: 20 }, (_, at) => 2000 + at));
  transport.failures["::1"] = "EADDRINUSE";
  await assert.rejects(openAll(transport, [["both.example", 0]]), {
    code: "EADDRINUSE",
  });
  assert.deepEqual(transport.open, []);
});

test("Listeners.open() does without an address of a name that this machine has not", async () => {
  for (const code of ["EADDRNOTAVAIL", "EAFNOSUPPORT"]) {
    const transport = new FakeTransport();
    transport.failures["::1"] = code;
    const listeners = await openAll(transport, [["both.example", 80]]);
    assert.deepEqual(shown(listeners), ["127.0.0.1 80"]);
  }
});

test("Listeners.open() refuses a name of which this machine has no address", async () => {
  const transport = new FakeTransport();
  transport.failures["::1"] = transport.failures["127.0.0.1"] = "EADDRNOTAVAIL";
  await assert.rejects(openAll(transport, [["both.example", 80]]), {
    code: "EADDRNOTAVAIL",
    message: "Cannot have 127.0.0.1",
  });
});

test("Listeners.open() refuses a name if one of its addresses is busy", async () => {
  const transport = new FakeTransport();
  transport.failures["::1"] = "EADDRINUSE";
  await assert.rejects(openAll(transport, [["both.example", 80]]), {
    code: "EADDRINUSE",
  });
  assert.deepEqual(transport.open, []);
});

test("Listeners.open() says when an address of its own is in the way", async () => {
  const transport = new FakeTransport();
  transport.failures["10.0.0.2"] = "EADDRINUSE";
  await assert.rejects(openAll(transport, [["::", 80], ["10.0.0.2", 80]]), {
    code: "EADDRINUSE",
    message: "Cannot have 10.0.0.2, by another address of this server",
  });
  await assert.rejects(openAll(transport, [["::", 81], ["10.0.0.2", 80]]), {
    message: "Cannot have 10.0.0.2",
  });
});

test("bindingsFor() chooses for each target by itself", () => {
  const { native, node } = runtime.transports;
  const unix = { kind: "unix", path: "/run/app.sock" } as const;
  const fd = { kind: "fd", fd: 3 } as const;
  assert.deepEqual(bindingsFor("auto", [unix, fd], OPTIONS), [
    { target: unix, transport: native },
    { target: fd, transport: node },
  ]);
});
