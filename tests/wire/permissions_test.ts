/** What docs/install.md says of Deno's permissions: the flags are enough, and all are needed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { connect as connectTls } from "node:tls";
import { ScratchFolder } from "../_support/certificates.ts";
import { exchange, request } from "../_support/raw_client.ts";
import { ServerProcess } from "../_support/spawn_server.ts";
import { ROOT, RUNTIME } from "../_support/this_runtime.ts";

const skip = RUNTIME !== "deno" && "only Deno has permissions";
const folder = new ScratchFolder();
after(() => folder.remove());
folder.write(
  "main.js",
  `export async function app(scope, receive, send) {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "allowed" });
}
`,
);

/** A row of the table: what is served, flags of `deno run`, arguments of the command. */
interface Row {
  readonly title: string;
  readonly flags: readonly string[];
  readonly args: readonly string[];
}

function readRows(): Row[] {
  const page = readFileSync(join(ROOT, "docs/install.md"), "utf8");
  return [...page.matchAll(/^\| (.*?) +\| `(--allow.*?)` +\| `(.*?)` +\|$/gm)]
    .map(([, title, flags, args]) => ({
      title: title!,
      flags: flags!.split(" "),
      args: args!.split(" "),
    }));
}

const rows = readRows();

/**
 * Starts the command with `flags` alone. The kernel chooses the port, so that a flag that names one
 * names the host instead.
 */
function start(flags: readonly string[], args: readonly string[]) {
  return new ServerProcess({
    program: {
      program: process.execPath,
      args: [
        "run",
        "--no-check",
        "--no-prompt",
        ...flags.map((flag) => flag.replace(":8000", "")),
        join(ROOT, "cli.ts"),
      ],
    },
    cwd: folder.path,
    args: args.includes("--uds") ? args : [...args, "--port", "0"],
  });
}

/** Whether the server lets a client shake hands with it. */
function shakesHands(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      { port, host: "127.0.0.1", rejectUnauthorized: false },
      () => {
        socket.destroy();
        resolve(true);
      },
    );
    socket.on("error", reject);
  });
}

test("the table of docs/install.md is read", () => {
  assert.ok(rows.length >= 7, `${rows.length} rows`);
});

for (const { title, flags, args } of rows) {
  describe(`to serve ${title}`, () => {
    test("[deno] the flags are enough", { skip }, async () => {
      const server = start(flags, args);
      try {
        await server.ready();
        const { runningOn } = server;
        if (runningOn.startsWith("https")) {
          assert.ok(await shakesHands(server.port));
        } else {
          const target = runningOn.startsWith("http")
            ? server.target
            : { path: join(folder.path, runningOn) };
          const { body } = await exchange(target, request("GET /"));
          assert.equal(body, "allowed");
        }
        server.signal("SIGINT"); // so that no pid file is left to the next
        assert.equal((await server.end()).code, 0);
      } finally {
        await server.kill();
      }
    });

    for (const flag of flags) {
      const name = flag.split("=", 1)[0]!;
      test(`[deno] without ${name} one line names it`, { skip }, async () => {
        const server = start(flags.filter((one) => one !== flag), args);
        const { code } = await server.end();
        assert.ok(code === 2 || code === 3, server.output);
        const line = server.stderr.find((line) =>
          /Deno (?:does not allow it|is not allowed)/.test(line)
        );
        assert.ok(line?.includes(name), server.output);
      });
    }
  });
}
