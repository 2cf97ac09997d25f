/** SIGUSR1 opens log files anew, and no door for debuggers. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { withFolder } from "../../_support/certificates.ts";
import { SCRIPTED_APP } from "../../_support/script.ts";
import { withServer } from "../../_support/spawn_server.ts";

const isDeno = process.versions.deno !== undefined;
/** Of a socket that listens, in /proc/net/tcp. */
const LISTENS = "0A";

/** Ports that a process listens on. */
function portsOf(pid: number): number[] {
  const folder = `/proc/${pid}/fd`;
  const own = new Set(
    readdirSync(folder).map((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`);
      } catch {
        return ""; // closed meanwhile
      }
    }),
  );
  return readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) =>
      fields[3] === LISTENS && own.has(`socket:[${fields[9]}]`)
    )
    .map((fields) => parseInt(fields[1]!.split(":")[1]!, 16));
}

test("no inspector stays open after SIGUSR1", {
  skip: process.platform !== "linux" && "sockets are looked up in /proc",
}, () =>
  withFolder((folder) => {
    const args = ["--access-log-file", folder.write("access.log", "")];
    return withServer({ app: SCRIPTED_APP, args }, async (server) => {
      const opened = () =>
        server.stderr.filter((line) => line.startsWith("Debugger listening"))
          .length;
      // Deno reacts from half a second after its start on, and not while another process has the port.
      for (let sent = 0; sent < 3 || (isDeno && opened() === 0); sent++) {
        server.signal("SIGUSR1");
        await sleep(300);
      }
      while (portsOf(server.pid).length > 1) await sleep(10);
      assert.deepEqual(portsOf(server.pid), [server.port]);
      if (!isDeno) assert.equal(opened(), 0);
    });
  }));
