/** What a start loads: every module costs a part of a millisecond, some of the runtime's ten. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { test } from "node:test";
import { stripSource } from "./_support/layers.ts";
import { commandLine, ROOT, RUNTIME } from "./_support/this_runtime.ts";

/** Cheap, or needed by every request. */
const NODE_MODULES = ["node:buffer", "node:path", "node:timers", "node:url"];

/** What only some servers need: it is loaded for those, before they listen. */
const LEFT_OUT = [
  "src/application/message_trace.ts",
  "src/application/reset_context.ts",
  "src/cli/check.ts",
  "src/cli/completion.ts",
  "src/config/config_file.ts",
  "src/config/dotenv.ts",
  "src/config/env_files.ts",
  "src/text/json_text.ts",
  "src/config/text_file.ts",
  "src/runtime/process/yaml.ts",
  "src/cli/sub_command.ts",
  "src/control/control.ts",
  "src/control/single_process.ts",
  "src/server/loop_lag.ts",
  "src/server/watchdog.ts",
  "src/server/health/server_health.ts",
  "src/admin/admin_listener.ts",
  "src/runtime/process/loop_watch.ts",
  "src/topics/hub.ts",
  "src/topics/channel.ts",
  "src/connection/proxy_header_connection.ts",
  "src/connection/scope/tls_extension.ts",
  "src/logging/config/load.ts",
  "src/logging/config/plan.ts",
  "src/proxy/proxy_header.ts",
  "src/runtime/node/transport.ts",
  "src/runtime/process/log_file.ts",
  "src/runtime/node/tls.ts",
  "src/runtime/listen/unix_path.ts",
  "src/server/tls/certificates.ts",
  "src/tls/certificate_reader.ts",
];

/** The specifiers that loading `text` loads: neither types nor what `import()` names. */
function loadsOf(text: string): string[] {
  const { withStrings } = stripSource(text);
  const statement =
    /\b(?:import|export)\s+(?!type\b)(?:([^;"'()]*?)\bfrom\s*)?["']([^"']+)["']/g;
  return [...withStrings.matchAll(statement)]
    .filter(([, names = ""]) => {
      const list = /\{([^}]*)\}/.exec(names)?.[1]?.split(",")
        .map((name) => name.trim()).filter((name) => name !== "");
      return list === undefined ||
        !list.every((name) => name.startsWith("type "));
    })
    .map(([, , specifier]) => specifier!);
}

/** Every module that running `entry` loads: paths from the root, and names of the runtime's. */
function loadedBy(entry: string): Set<string> {
  const found = new Set<string>();
  const visit = (path: string) => {
    if (found.has(path)) return;
    found.add(path);
    if (path.startsWith("node:")) return;
    for (const specifier of loadsOf(readFileSync(join(ROOT, path), "utf8"))) {
      visit(
        specifier.startsWith(".")
          ? relative(ROOT, resolve(ROOT, dirname(path), specifier))
            .replaceAll("\\", "/")
          : specifier,
      );
    }
  };
  visit(entry);
  return found;
}

// cli.ts loads the command only where the runtime is one that can run it.
for (const entry of ["src/cli/main.ts", "mod.ts"]) {
  test(`${entry} loads what every server needs, and nothing else`, () => {
    const loaded = loadedBy(entry);
    assert.ok(loaded.has("src/connection/exchange/http_cycle.ts"));
    assert.deepEqual(
      [...loaded].filter((path) => path.startsWith("node:")).sort(),
      NODE_MODULES,
    );
    assert.deepEqual(LEFT_OUT.filter((path) => loaded.has(path)), []);
  });
}

test("what is left out of a start exists", () => {
  for (const path of LEFT_OUT) readFileSync(join(ROOT, path));
});

test("a start and the first answer load of the runtime no more than node:fs", () => {
  const { program, args } = commandLine("tests/_support/plain_start.ts");
  const { stdout, stderr } = spawnSync(program, args, {
    encoding: "utf8",
    timeout: 60_000,
  });
  const last = stdout.trim().split("\n").at(-1)!;
  assert.deepEqual(
    JSON.parse(last),
    // Deno's own functions do for it; "process" is what node:net looks at, when it is loaded.
    { text: "Hello", loaded: [RUNTIME === "deno" ? "process" : "node:fs"] },
    stderr,
  );
});

test("loadsOf() reads what is loaded and not what is only named", () => {
  const text = `
    import { a, type B } from "./a.ts";
    import { type C, type D } from "./c.ts";
    import type { E } from "./e.ts";
    import * as f from "node:f";
    import "./g.ts";
    export { h } from "./h.ts";
    export type { I } from "./i.ts";
    const j = await import("./j.ts");
  `;
  assert.deepEqual(loadsOf(text), ["./a.ts", "node:f", "./g.ts", "./h.ts"]);
});
