// The installed command as its users start it, by name, on one release of a runtime: `npx`, `bunx`
// and `deno run npm:`. Plain JavaScript for Node 20 and later.
import { writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { run } from "../_support/processes.mjs";

/** A command that takes longer hangs. */
const LIMIT_MS = 120_000;
const APP = `export async function app(scope, _receive, send) {
  if (scope.type !== "http") return;
  await send({ type: "http.response.start", status: 200 });
  await send({ type: "http.response.body", body: "Hello from " + scope.path });
}
`;

/** How the command is started: what is typed, the program, its arguments, and the programs found. */
function startsOf({ name, program }) {
  const folder = dirname(program);
  // npx is a program for the first Node of the path, and so is the command.
  const path = [folder, process.env.PATH].join(delimiter);
  switch (name) {
    case "deno":
      return [[
        "deno run npm:tricorn",
        program,
        ["run", "-A", "npm:tricorn"],
        path,
      ]];
    case "bun":
      return [
        ["bunx --bun tricorn", program, [
          "x",
          "--bun",
          "--no-install",
          "tricorn",
        ], path],
        // Where there is no Node, Bun takes its place.
        ["bunx tricorn", program, ["x", "--no-install", "tricorn"], folder],
      ];
    default:
      return [["npx tricorn", "npx", ["--no-install", "tricorn"], path]];
  }
}

/**
 * Asks an application through the command, and the command for its version.
 *
 * @param release `name`, `version` and `program`.
 * @param installed Folder of the package, in the `node_modules` of a project.
 * @returns A report as of a test file.
 */
export async function tryCommands(release, installed) {
  const project = dirname(dirname(installed));
  writeFileSync(join(project, "main.js"), APP);
  const title = { deno: "Deno", bun: "Bun", node: "Node" }[release.name];
  const cases = [];
  const began = performance.now();
  for (const [what, program, args, path] of startsOf(release)) {
    const ask = (...words) =>
      run(program, [...args, ...words], {
        cwd: project,
        env: {
          PATH: path,
          NO_COLOR: "1",
          // What npm tells its scripts: Bun would take Node for being there.
          NODE: undefined,
          npm_node_execpath: undefined,
          npm_config_update_notifier: "false",
        },
        limitMs: LIMIT_MS,
      });
    for (
      const [words, expected] of [
        [["--version"], `with ${title} ${release.version} on `],
        [["fetch", "main:app", "/there"], "Hello from /there"],
      ]
    ) {
      const { code, output } = await ask(...words);
      const isRight = code === 0 && output.includes(expected);
      cases.push({
        name: `${what} ${words.join(" ")}`,
        status: isRight ? "passed" : "failed",
        message: isRight
          ? ""
          : `ended with code ${code}, expected "${expected}":\n${output}`,
      });
    }
  }
  return {
    runtime: `${title.toLowerCase()} ${release.version} command`,
    file: "commands",
    cases,
    skips: [],
    seconds: (performance.now() - began) / 1000,
  };
}
