/** The command behind `npm run site`. */
import { resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { run } from "../mod.ts";
import { siteApp } from "./app.ts";
import { buildSite } from "./build.ts";

const ROOT = resolve(import.meta.dirname!, "..");

/** What the arguments say. @throws If they are wrong. */
function readArguments() {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "dist/site" },
      port: { type: "string", default: "8000" },
      serve: { type: "boolean", default: false },
    },
  });
  return { ...values, out: resolve(values.out) };
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments();
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const begin = performance.now();
  try {
    const { pages } = buildSite(ROOT, options.out);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    console.log(
      `Built ${pages.length} pages into ${options.out} in ${seconds} s`,
    );
    if (options.serve) {
      await run(siteApp(options.out), { port: Number(options.port) });
    }
    return 0;
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

const code = await main();
if (code !== 0) process.exitCode = code;
