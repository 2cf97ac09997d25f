/** Upgrades that are not supported are ordinary requests. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RawClient, request } from "../_support/raw_client.ts";
import { Script, SCRIPTED_APP } from "../_support/script.ts";
import { sharedServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

for (const protocol of ["h2c", "not-websocket", "TLS/1.0"]) {
  test(`an upgrade to ${protocol} is served as HTTP/1.1, with a warning (http:H-128)`, async () => {
    const from = shared.server.stderr.length;
    const client = await RawClient.connect(shared.server.target);
    const response = await client.request(
      request("GET /", ["Connection: foo, Upgrade", `Upgrade: ${protocol}`]),
    );
    assert.deepEqual([response.status, response.body], [200, "Hello, world!"]);
    assert.equal(response.header("upgrade"), undefined);
    await shared.server.line(
      "stderr",
      /WARNING: .*Unsupported upgrade request\./,
      from,
    );
    assert.equal((await client.request(request("GET /"))).status, 200);
    client.close();
  });
}

test("the body of such a request is delivered (http:H-129)", async () => {
  const from = shared.server.stderr.length;
  const client = await RawClient.connect(shared.server.target);
  const response = await client.request(
    request(
      `POST ${new Script(["echo"]).target}`,
      ["Connection: Upgrade", "Upgrade: h2c", "Content-Length: 5"],
      "hello",
    ),
  );
  assert.equal(response.body, "hello");
  // Its warning is this test's, however late it is read.
  await shared.server.line("stderr", /Unsupported upgrade request\./, from);
  client.close();
});

test("Upgrade without Connection: upgrade is ignored without a warning (http:H-131)", async () => {
  const from = shared.server.stderr.length;
  const client = await RawClient.connect(shared.server.target);
  assert.equal(
    (await client.request(request("GET /", ["Upgrade: h2c"]))).status,
    200,
  );
  assert.equal(
    (await client.request(request("GET /", ["Connection: upgrade"]))).status,
    200,
  );
  assert.deepEqual(shared.server.stderr.slice(from), []);
  client.close();
});
