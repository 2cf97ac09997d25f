/** A peer whose machine is gone says nothing: the kernel has to ask it (RFC 9293 §3.8.4). */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LOOPS } from "../_support/loops.ts";
import { RawClient, request } from "../_support/raw_client.ts";
import { withServer } from "../_support/spawn_server.ts";

const TABLE = "/proc/net/tcp";
/** Of the column `tr:tm->when`: a keep-alive timer runs. */
const KEEP_ALIVE = "02";

/** The timer of the connection that the server at `port` has with the client at `peer`. */
function timerOf(port: number, peer: number): string | undefined {
  const hex = (number: number) =>
    number.toString(16).toUpperCase().padStart(4, "0");
  for (const line of readFileSync(TABLE, "latin1").split("\n")) {
    const columns = line.trim().split(/\s+/);
    if (
      columns[1]?.endsWith(`:${hex(port)}`) &&
      columns[2]?.endsWith(`:${hex(peer)}`)
    ) return columns[5]?.split(":")[0];
  }
  return undefined;
}

for (const { loop, label } of LOOPS) {
  test(`the kernel asks silent peers for a sign of life, ${label} sockets`, {
    skip: !existsSync(TABLE) && "there is no table of connections to look into",
  }, () =>
    withServer(
      { app: "echo:app", args: ["--loop", loop, "--timeout-keep-alive", "60"] },
      async (server) => {
        const client = await RawClient.connect(server.target);
        await client.request(request("GET /"));
        assert.equal(timerOf(server.port, client.localPort), KEEP_ALIVE);
        client.close();
      },
    ));
}
