import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ServerAddresses } from "../../../src/connection/exchange/server_addresses.ts";

const tcp = (port: number) => ({ kind: "tcp", host: "::1", port }) as const;
const unix = (path: string) => ({ kind: "unix", path }) as const;

describe("ServerAddresses", () => {
  for (
    const [what, address, entry] of [
      ["a TCP address", tcp(8000), ["::1", 8000]],
      ["a UNIX path", unix("/run/a.sock"), ["/run/a.sock", null]],
      ["a UNIX socket that does not tell its path", unix(""), null],
    ] as const
  ) {
    test(`has an entry for ${what}`, () => {
      assert.deepEqual(new ServerAddresses().entryOf(address), entry);
    });
  }

  test("shares one frozen entry between connections at one address", () => {
    const addresses = new ServerAddresses();
    const here = tcp(8000);
    const entry = addresses.entryOf(here);
    assert.equal(addresses.entryOf(here), entry);
    assert.ok(Object.isFrozen(entry));
  });

  test("tells two addresses apart, however they take turns", () => {
    const addresses = new ServerAddresses();
    const [here, there] = [tcp(8000), tcp(8001)];
    for (const address of [here, there, here, there]) {
      assert.equal(addresses.entryOf(address)![1], address.port);
    }
  });

  test("shares nothing between servers", () => {
    const here = tcp(8000);
    assert.notEqual(
      new ServerAddresses().entryOf(here),
      new ServerAddresses().entryOf(here),
    );
  });
});
