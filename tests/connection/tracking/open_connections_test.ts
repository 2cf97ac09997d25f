import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  clientKey,
  OpenConnections,
  type TrackedConnection,
} from "../../../src/connection/tracking/open_connections.ts";

function connection(clientHost: string | undefined): TrackedConnection {
  return {
    clientHost,
    isBusy: false,
    isWebSocket: false,
    listIndex: -1,
    drain() {},
    abort() {},
    destroy() {},
    onFailure(thrown) {
      throw thrown;
    },
  };
}

describe("OpenConnections", () => {
  test("counts each connection once, however often it comes and goes", () => {
    const open = new OpenConnections(true);
    const one = connection("192.0.2.1");
    open.add(one);
    open.add(one);
    open.add(connection("192.0.2.1"));
    open.add(connection("192.0.2.2"));
    assert.equal(open.size, 3);
    assert.equal(open.countOf("192.0.2.1"), 2);
    open.delete(one);
    open.delete(one);
    assert.equal(open.countOf("192.0.2.1"), 1);
    assert.equal([...open].length, 2);
  });

  test("does to each what is asked, whatever it does to one of them", () => {
    const open = new OpenConnections();
    const failures: unknown[] = [];
    const done: TrackedConnection[] = [];
    const broken = {
      ...connection(undefined),
      onFailure: (thrown: unknown) => void failures.push(thrown),
    };
    const others = [connection(undefined), connection(undefined)];
    open.add(others[0]!);
    open.add(broken);
    open.add(others[1]!);
    const bug = new Error("a bug of ours");
    open.each((one) => {
      open.delete(one);
      if (one === broken) throw bug;
      done.push(one);
    });
    assert.deepEqual(failures, [bug]);
    assert.equal(done.length, 2);
    assert.equal(open.size, 0);
  });

  test("counts what is not a connection yet", () => {
    const open = new OpenConnections(true);
    open.enter("192.0.2.1");
    assert.equal(open.countOf("192.0.2.1"), 1);
    open.leave("192.0.2.1");
    open.leave("192.0.2.1");
    assert.equal(open.countOf("192.0.2.1"), 0);
  });

  test("counts nobody who has no address, and nobody at all unless asked to", () => {
    const open = new OpenConnections(true);
    open.add(connection(undefined));
    assert.equal(open.countOf(undefined), 0);
    const careless = new OpenConnections();
    careless.add(connection("192.0.2.1"));
    assert.equal(careless.countOf("192.0.2.1"), 0);
  });
});

describe("clientKey()", () => {
  for (
    const [one, other, same] of [
      ["192.0.2.1", "192.0.2.1", true],
      ["192.0.2.1", "192.0.2.2", false],
      ["2001:db8:1:2:3:4:5:6", "2001:0DB8:0001:2::9", true],
      ["2001:db8:1:2::", "2001:db8:1:3::", false],
      ["::1", "::2", true],
      ["fe80::1%eth0", "fe80::2%eth0", true],
      ["::1", "192.0.2.1", false],
    ] as const
  ) {
    test(`takes ${one} and ${other} for ${same ? "one" : "two"}`, () => {
      assert.equal(clientKey(one) === clientKey(other), same);
    });
  }
});
