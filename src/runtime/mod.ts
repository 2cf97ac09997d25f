/**
 * Where we run, found once. Detecting has no effects: nothing listens, reads or writes until it is
 * asked to.
 */
import { createHash } from "node:crypto";
import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import { bun } from "./_bun_types.ts";
import { deno } from "./_deno_types.ts";
import { bunTransport } from "./bun.ts";
import { denoTransport } from "./deno.ts";
import { openFile } from "./files.ts";
import {
  createDeflater,
  createInflater,
  keepsContext,
} from "./message_codec.ts";
import { nodeTransport } from "./node.ts";
import { mayReadEnv } from "./permissions.ts";
import { dieBySignal, onSignal } from "./signals.ts";
import { textSink } from "./text_sink.ts";
import { afterTurn } from "./turns.ts";
import type { Runtime, Transport } from "./types.ts";

/** The runtime this process runs on. */
export const runtime: Runtime = {
  ...identity(),
  platform: process.platform,
  pid: process.pid,
  args: deno?.args ?? process.argv.slice(2),
  stdout: textSink(1),
  stderr: textSink(2),
  cwd: () => process.cwd(),
  env: (name) => mayReadEnv(name) ? process.env[name] : undefined,
  openFile,
  sha1: (text) => createHash("sha1").update(text).digest("base64"),
  keepsDeflateContext: keepsContext,
  createDeflater,
  createInflater,
  onSignal,
  dieBySignal,
  exit: (code) => process.exit(code),
  afterTurn,
  monotonicMs: () => performance.now(),
  every,
};

/**
 * The transport for `--loop`. `auto` is the native one: it costs less per request and meets the
 * same contract.
 */
export function selectTransport(loop: "auto" | "native" | "node"): Transport {
  return loop === "node" ? runtime.transports.node : runtime.transports.native;
}

function identity(): Pick<Runtime, "name" | "version" | "transports"> {
  const node = nodeTransport;
  if (deno !== undefined) {
    const transports = { native: denoTransport(deno), node };
    return { name: "deno", version: deno.version.deno, transports };
  }
  if (bun !== undefined) {
    return {
      name: "bun",
      version: bun.version,
      transports: { native: bunTransport(bun), node },
    };
  }
  return {
    name: "node",
    version: process.versions.node,
    transports: { native: node, node },
  };
}

function every(ms: number, callback: () => void): () => void {
  const timer = setInterval(callback, ms);
  timer.unref();
  return () => clearInterval(timer);
}
