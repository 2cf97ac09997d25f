/** Detects the runtime, once. Importing has no effects: nothing listens, reads or writes yet. */
import { Buffer } from "node:buffer";
import { clearInterval, setInterval } from "node:timers";
import { ConfigError } from "../errors.ts";
import { bun } from "./_bun_types.ts";
import { deno } from "./_deno_types.ts";
import { describeTarget } from "./listen/addresses.ts";
import { builtins } from "./process/builtins.ts";
import { bunTransport } from "./bun/transport.ts";
import { denoTransport } from "./deno/transport.ts";
import { descriptorLimit } from "./process/descriptors.ts";
import { openFile } from "./process/files.ts";
import { host } from "./process/host.ts";
import { nodeLacks } from "./listen/capabilities.ts";
import { createDeflater, createInflater, keepsContext } from "./deflate.ts";
import { mayListEnv, mayReadEnv } from "./process/permissions.ts";
import { dieBySignal, onSignal } from "./process/signals.ts";
import { textSink } from "./process/text_sink.ts";
import { afterTurn } from "./process/turns.ts";
import { onUncaught } from "./process/uncaught.ts";
import type {
  ListenOptions,
  ListenTarget,
  Runtime,
  Transport,
} from "./types.ts";

export { describeTarget } from "./listen/addresses.ts";
export { resolveTarget } from "./listen/resolve_target.ts";

/** Sockets of `node:net`. Loaded when first used: Deno and Bun mostly use their own. */
const nodeTransport: Transport = {
  name: "node",
  unsupported: nodeLacks,
  isPreferredFor: () => true,
  async bind(target, options) {
    const node = await import("./node/transport.ts");
    return await node.bind(target, options);
  },
};

const stdout = textSink(1);
const stderr = textSink(2);

/** The runtime this process runs on. */
export const runtime: Runtime = {
  ...identity(),
  platform: host.platform,
  pid: host.pid,
  args: host.args,
  stdout,
  stderr,
  // node:net on Node wraps anything but a Buffer in one, at every write.
  allocate: (size) => Buffer.allocUnsafeSlow(size),
  // Bun 1.4 never calls SNICallback for a TLSSocket over a stream that is not a net.Socket: a known
  // gap in https://github.com/oven-sh/bun/pull/32630.
  supportsSniOnAcceptedSockets: bun === undefined,
  descriptorLimit,
  cwd: () => host.cwd(),
  fileKind: (path) => host.fileKind(path),
  env: (name) => mayReadEnv(name) ? host.env(name) : undefined,
  envNames: () => mayListEnv() ? host.envNames() : [],
  async loadTls() {
    const { NodeTls } = await import("./node/tls.ts");
    return {
      createTls: (settings, onFault) => new NodeTls(settings, onFault),
    };
  },
  openFile,
  sha1: (text) =>
    builtins.crypto.createHash("sha1").update(text).digest("base64"),
  get keepsDeflateContext() {
    return keepsContext();
  },
  createDeflater,
  createInflater,
  onSignal,
  onUncaught,
  hasTerminal: () => [0, 1, 2].some((fd) => host.isTerminal(fd)),
  dieBySignal(signal) {
    flushOutput();
    dieBySignal(signal);
  },
  exit(code) {
    flushOutput();
    process.exit(code);
  },
  setExitCode: (code) => void (process.exitCode = code),
  afterTurn,
  monotonicMs: () => performance.now(),
  every,
};

/**
 * The transport that binds `target`. `auto` is the native one, where it supports all of `options`
 * and is preferred for the target; both meet the same contract.
 *
 * @throws ConfigError if no transport supports them, or not the requested one.
 */
export function selectTransport(
  loop: "auto" | "native" | "node",
  target: ListenTarget,
  options: ListenOptions,
): Transport {
  const { native, node } = runtime.transports;
  const lacksNative = native.unsupported(target, options);
  const wantsNative = loop === "auto"
    ? native.isPreferredFor(target)
    : loop === "native";
  if (wantsNative && lacksNative === undefined) return native;
  const lacksNode = node.unsupported(target, options);
  if (lacksNode !== undefined) {
    const way = lacksNative === undefined
      ? "node:net has no way to do that; use --loop auto"
      : "it has no way to do that; name the addresses one by one with --bind, " +
        "or hand over a bound socket with --fd";
    throw new ConfigError(
      `Cannot listen on ${describeTarget(target)} with ${lacksNode} on ` +
        `${runtimeText()}: ${way}`,
    );
  }
  if (loop !== "native") return node;
  throw new ConfigError(
    `Cannot use --loop native for ${
      describeTarget(target)
    } on ${runtimeText()}: its own sockets ` +
      `lack ${lacksNative}; use --loop auto or --loop node`,
  );
}

function flushOutput(): void {
  stdout.flush();
  stderr.flush();
}

/** `Deno 2.9.6`. */
function runtimeText(): string {
  const names = { deno: "Deno", bun: "Bun", node: "Node" };
  return `${names[runtime.name]} ${runtime.version}`;
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
