/** What is asked of one kind of socket is asked of every kind: the same answers on each `--loop`. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { exchange, pause, RawClient, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { type ServerProcess, spawnServer } from "../_support/spawn_server.ts";

const KINDS = [
  ["native", "tcp"],
  ["native", "unix"],
  ["node", "tcp"],
  ["node", "unix"],
] as const;

for (const [loop, kind] of KINDS) {
  describe(`--loop ${loop} over ${kind}`, () => {
    let folder = "";
    let server: ServerProcess;
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "tricorn-loops-"));
      const args = ["--loop", loop, "--timeout-keep-alive", "60"];
      if (kind === "unix") args.push("--uds", join(folder, "socket"));
      server = await spawnServer({ app: SCRIPTED_APP, args });
    });
    after(async () => {
      await server?.kill();
      rmSync(folder, { recursive: true, force: true });
    });

    const connect = () => RawClient.connect(server.target);

    test("a request is answered, and the next one on the connection", async () => {
      const client = await connect();
      for (let count = 0; count < 3; count++) {
        assert.equal(
          (await client.request(request("GET /"))).body,
          "Hello, world!",
        );
      }
      client.close();
    });

    test("many connections are served at once", async () => {
      const clients = await Promise.all(Array.from({ length: 50 }, connect));
      for (const client of clients) client.send(request("GET /"));
      for (const client of clients) {
        assert.equal((await client.readResponse()).body, "Hello, world!");
        client.close();
      }
    });

    test("pipelined requests are answered in order", async () => {
      const client = await connect();
      const ask = (at: number) =>
        request(`GET ${new Script(...answer(`${at}`)).target}`);
      client.send(Array.from({ length: 50 }, (_, at) => ask(at)).join(""));
      for (let at = 0; at < 50; at++) {
        assert.equal((await client.readResponse()).body, `${at}`);
      }
      client.close();
    });

    test("megabytes arrive whole, both ways at once", async () => {
      const body = "0123456789abcdef".repeat(250_000);
      const script = new Script(["echo"]);
      const response = await exchange(
        server.target,
        request(
          `POST ${script.target}`,
          [`Content-Length: ${body.length}`],
          body,
        ),
      );
      assert.ok(response.body === body, `${response.body.length} bytes`);
    });

    test("an answer written at once before the close arrives whole, however slowly it is read", async () => {
      const client = await connect();
      const script = new Script(
        ["start", 200, [["connection", "close"]]],
        ["flood", 100, 60_000],
        ["body", "!"],
      );
      client.send(request(`GET ${script.target}`));
      await client.readUntil("\r\n\r\n");
      client.pause();
      await pause(200);
      client.resume();
      const { bytes } = await client.readToEnd();
      assert.ok(bytes.endsWith("!\r\n0\r\n\r\n"), `${bytes.length} bytes`);
      client.close();
    });

    test("a half-closed client is answered (http:H-097)", async () => {
      const client = await connect();
      client.send(
        request(`GET ${new Script(["sleep", 100], ...answer("late")).target}`),
      );
      client.halfClose();
      assert.equal((await client.readResponse()).body, "late");
      assert.equal(await client.ended(), "fin");
      client.close();
    });

    test("a client that leaves while send() waits ends the wait (asgi:A-215)", async () => {
      const client = await connect();
      const script = new Script(["start", 200], ["flood", 10_000, 60_000]);
      client.send(request(`GET ${script.target}`));
      await client.readUntil("\r\n\r\n");
      client.pause();
      await pause(100);
      client.close();
      await server.line(
        "stdout",
        new RegExp(`"GET .*${script.id}[^0-9].*" 200`),
      );
      assert.ok(!script.notesSoFar(server).includes("flooded"));
    });

    test("a client that leaves inside a body is noticed (asgi:A-096)", async () => {
      const client = await connect();
      const script = new Script(["untilDisconnect"]);
      client.send(
        request(`POST ${script.target}`, ["Content-Length: 9"], "abc"),
      );
      await script.seen(server, /received 3 more/);
      client.close();
      await script.seen(server, /received disconnect/);
    });

    test("an idle connection is closed at the end, a busy one answered (http:H-137, H-138)", async () => {
      const idle = await connect();
      await idle.request(request("GET /"));
      const busy = await connect();
      const script = new Script(
        ["note", "here"],
        ["signal", "drain_signal"],
        ...answer("done"),
      );
      busy.send(request(`GET ${script.target}`));
      await script.seen(server, /here/);
      server.signal("SIGINT");
      assert.equal((await idle.readToEnd()).bytes, "");
      assert.equal((await busy.readResponse()).body, "done");
      idle.close();
      busy.close();
      assert.deepEqual(await server.end(), { code: 0, signal: null });
    });
  });
}
