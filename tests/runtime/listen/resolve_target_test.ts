import assert from "node:assert/strict";
import { lookup } from "node:dns/promises";
import { test } from "node:test";
import { ListenError } from "../../../src/errors.ts";
import { resolveTarget } from "../../../src/runtime/listen/resolve_target.ts";

const named = { kind: "tcp", host: "app.example", port: 80 } as const;

function hosts(found: readonly string[]) {
  return resolveTarget(named, () => Promise.resolve(found));
}

for (
  const target of [
    { kind: "tcp", host: "", port: 80 },
    { kind: "tcp", host: "127.0.0.1", port: 80 },
    { kind: "tcp", host: "::1", port: 80 },
    { kind: "unix", path: "/run/app.sock" },
    { kind: "fd", fd: 3 },
  ] as const
) {
  test(`resolveTarget() asks nobody about ${JSON.stringify(target)}`, async () => {
    const never = () => Promise.reject(new Error("Cannot happen: asked"));
    assert.deepEqual(await resolveTarget(target, never), [target]);
  });
}

test("resolveTarget() gives every address of a name once, IPv4 first", async () => {
  const found = ["::1", "127.0.0.1", "::1", "127.0.0.2", "127.0.0.1"];
  assert.deepEqual(
    await hosts(found),
    ["127.0.0.1", "127.0.0.2", "::1"].map((host) => ({
      kind: "tcp",
      host,
      port: 80,
      name: "app.example",
    })),
  );
});

test("resolveTarget() resolves localhost", async () => {
  const all = await resolveTarget({ ...named, host: "localhost" });
  assert.ok(all.length >= 1);
  for (const target of all) {
    assert.ok(target.kind === "tcp");
    assert.match(target.host, /^(127\.\d+\.\d+\.\d+|::1)$/);
  }
});

test("resolveTarget() refuses a name that leads nowhere", async () => {
  const host = "no-such-name.invalid";
  // Without any resolver it is "try again" rather than "there is none".
  const code = await lookup(host).catch((error) => error.code);
  const target = { kind: "tcp", host, port: 0, option: "--host" } as const;
  await assert.rejects(resolveTarget(target), (error: unknown) => {
    assert.ok(error instanceof ListenError);
    assert.equal(error.code, code);
    assert.match(
      error.message,
      /^Cannot listen on no-such-name\.invalid:0 \(--host\): the name /,
    );
    return true;
  });
});
