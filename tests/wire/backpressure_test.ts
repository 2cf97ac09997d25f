/** Memory stays bounded when one side is slower than the other (http:H-032, H-072, asgi: ). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, pause, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { sharedServer } from "../_support/spawn_server.ts";

const shared = sharedServer({
  app: SCRIPTED_APP,
  args: ["--timeout-keep-alive", "60"],
});

/** Far more than the buffers of two kernels and two processes hold. */
const MUCH = 64 * 1024 * 1024;

/** Waits until a count has stopped growing. */
async function settled(count: () => number): Promise<number> {
  let last = -1;
  for (let same = 0; same < 10;) {
    const now = count();
    same = now === last ? same + 1 : 0;
    last = now;
    await pause(20);
  }
  return last;
}

test("an upload that nobody reads stops, and goes on when somebody does (http:H-032)", async () => {
  const client = await RawClient.connect(shared.server.target);
  const script = new Script(
    ["note", "called"],
    ["wait", "upload"],
    ["readAll"],
    ...answer("got it"),
  );
  client.send(request(`POST ${script.target}`, [`Content-Length: ${MUCH}`]));
  await script.seen(shared.server, /called/);
  const block = new Uint8Array(1024 * 1024);
  for (let sent = 0; sent < MUCH; sent += block.length) client.send(block);
  const waiting = await settled(() => client.unsentBytes);
  assert.ok(waiting > MUCH / 4, `${waiting} bytes wait at the client`);
  // Others are served meanwhile.
  assert.equal(
    (await exchange(shared.server.target, request("GET /"))).status,
    200,
  );
  await exchange(shared.server.target, request("GET /release?upload"));
  assert.equal((await client.readResponse()).body, "got it");
  assert.equal(await script.seen(shared.server, /read/), `read ${MUCH}`);
  client.close();
});

test("a download that nobody reads makes send() wait, and arrives whole afterwards (http:H-072)", async () => {
  const client = await RawClient.connect(shared.server.target);
  const script = new Script(
    ["start", 200, [["content-length", `${MUCH}`]]],
    ["body", "", true],
    ["note", "started"],
    ["flood", 1024, MUCH / 1024],
    ["body"],
  );
  client.send(request(`GET ${script.target}`));
  await script.seen(shared.server, /started/);
  await client.readUntil("\r\n\r\n");
  client.pause();
  await pause(300);
  assert.equal(
    (await exchange(shared.server.target, request("GET /"))).status,
    200,
  );
  assert.deepEqual(
    await script.notes(shared.server, 1),
    ["started"],
    "the flood must still wait",
  );
  client.resume();
  let got = client.takePending().length;
  while (got < MUCH) {
    got += (await client.readUntil(".")).length + client.takePending().length;
  }
  assert.equal(got, MUCH);
  await script.seen(shared.server, /flooded/);
  client.close();
});

test("a client that pipelines and never reads is not read any further", async () => {
  const client = await RawClient.connect(shared.server.target);
  const script = new Script(["start", 200], ["flood", 4, 65_536], ["body"]);
  const ask = request(`GET ${script.target}`);
  client.pause();
  for (let count = 0; count < 200; count++) client.send(ask.repeat(500));
  const waiting = await settled(() => client.unsentBytes);
  assert.ok(waiting > 0, "the server has read everything");
  assert.equal(
    (await exchange(shared.server.target, request("GET /"))).status,
    200,
  );
  client.reset();
});

test("an endless download leaves the event loop to others (asgi:A-020)", async () => {
  const client = await RawClient.connect(shared.server.target);
  client.send(
    request(
      `GET ${
        new Script(["start", 200], ["flood", 100_000, 1000], ["body"]).target
      }`,
    ),
  );
  await client.readUntil("\r\n\r\n");
  for (let count = 0; count < 5; count++) {
    assert.equal(
      (await exchange(shared.server.target, request("GET /"))).status,
      200,
    );
  }
  client.reset();
});
