/** Detects the runtime, once. Importing has no effects: nothing listens, reads or writes yet. */
import { Buffer } from "node:buffer";
import { clearInterval, setInterval } from "node:timers";
import { ConfigError } from "../errors.ts";
import { bun } from "./_bun_types.ts";
import { deno, type DenoApi } from "./_deno_types.ts";
import { describeTarget } from "./listen/addresses.ts";
import { outsideOfContext } from "./process/async_context.ts";
import { builtins } from "./process/builtins.ts";
import { CHILD_VARIABLE } from "./process/child_variable.ts";
import { CoarseClock } from "./process/coarse_clock.ts";
import { bunTransport } from "./bun/transport.ts";
import { descriptorLimit } from "./process/descriptors.ts";
import { openFile } from "./process/files.ts";
import { host } from "./process/host.ts";
import { denoLacks, hasZone, nodeLacks } from "./listen/capabilities.ts";
import { createDeflater, createInflater, keepsContext } from "./deflate.ts";
import {
  mayListEnv,
  mayRead,
  mayReadEnv,
  requestPermission,
} from "./process/permissions.ts";
import { dieBySignal, onSignal } from "./process/signals.ts";
import { shareOutput, textSink } from "./process/text_sink.ts";
import { afterTurn, atTurnEnd } from "./process/turns.ts";
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

/**
 * Sockets of `Deno.listen`, preferred on UNIX sockets and IPv6 zones only, and loaded for these. An idle
 * one keeps a pending read with its buffer and promises, twice the memory of a socket of `node:net`,
 * which is also faster with large messages and thousands of connections, though slower to start. On a
 * UNIX socket, with a handful of connections, `node:net` of Deno 2.9 does not recover from a failed
 * accept.
 */
function denoTransport(api: DenoApi): Transport {
  return {
    name: "native",
    unsupported: denoLacks,
    isPreferredFor: (target) => target.kind === "unix" || hasZone(target),
    async bind(target, options) {
      const native = await import("./deno/transport.ts");
      return await native.bind(api, target, options);
    },
  };
}

const stdout = textSink(1);
const stderr = textSink(2);

/** Made when time is first asked for. */
let clock: Performance | undefined;
const coarseClock = new CoarseClock(monotonicMs, Date.now);

function monotonicMs(): number {
  // The global is a getter on Node (24.22), which costs more than the clock does.
  return (clock ??= performance).now();
}

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
  mayLoadLate: deno === undefined,
  hidesRequestState: deno === undefined && bun === undefined,
  descriptorLimit,
  cwd: () => host.cwd(),
  fileKind: (path) => host.fileKind(path),
  env: (name) => mayReadEnv(name) ? host.env(name) : undefined,
  setEnv(name, value) {
    const variable = name;
    if (!requestPermission({ name: "env", variable })) return false;
    host.setEnv(name, value);
    return true;
  },
  envNames: () => mayListEnv() ? host.envNames() : [],
  readText: (path) => host.readText(path),
  async openLogFile(path) {
    const files = await import("./process/log_file.ts");
    return files.openLogFile(path);
  },
  outsideOfContext,
  async loadTls() {
    const { NodeTls } = await import("./node/tls.ts");
    return {
      createTls: (settings, onFault) => new NodeTls(settings, onFault),
    };
  },
  openFile,
  async loadYaml() {
    const yaml = await import("./process/yaml.ts");
    return await yaml.loadYaml(host.cwd());
  },
  async watchLoop(options) {
    const { watchLoop } = await import("./process/loop_watch.ts");
    return watchLoop(options);
  },
  async openCompileCache() {
    const cache = await import("./process/compile_cache.ts");
    return cache.openCompileCache();
  },
  async loadTrees() {
    const scan = await import("./process/scan_trees.ts");
    const { watchTrees } = await import("./process/watch_trees.ts");
    return {
      resolve: scan.absolutePath,
      scan: scan.scanTrees,
      watch: watchTrees,
      directories: scan.matchDirectories,
      ownFolders: scan.ownFolders,
    };
  },
  async hasPreloads() {
    const { hasPreloads } = await import("./process/preloads.ts");
    return hasPreloads();
  },
  async loadPackage(name, folder, options) {
    const packages = await import("./process/packages.ts");
    return await packages.loadPackage(name, folder, options);
  },
  async openTracingChannel(name) {
    const channels = await import("./process/tracing_channel.ts");
    return channels.openTracingChannel(name);
  },
  get redisClient() {
    return bun?.RedisClient;
  },
  // Bun 1.4 takes a query for part of the name only where the name is a path.
  freshModule: (path, href, query) =>
    `${bun === undefined ? href : path}?${query}`,
  async catchServers(onServer) {
    const catching = await import("./process/catch_servers.ts");
    return catching.catchServers(onServer);
  },
  mayRead,
  sha1: (text) =>
    builtins.crypto.createHash("sha1").update(text).digest("base64"),
  get keepsDeflateContext() {
    return keepsContext();
  },
  createDeflater,
  createInflater,
  onSignal,
  onUncaught,
  async notifySystemd(state) {
    const socket = runtime.env("NOTIFY_SOCKET");
    if (socket === undefined || socket === "") return;
    const { notifySystemd } = await import("./process/systemd_notify.ts");
    await notifySystemd(state, socket);
  },
  async openDatagrams(target, onProblem) {
    const { openDatagrams } = await import("./process/datagrams.ts");
    return await openDatagrams(target, onProblem);
  },
  reapOrphans(onUnable) {
    if (host.pid !== 1) return () => {};
    let stop: (() => void) | undefined;
    let isOver = false;
    void import("./process/orphans.ts").then(({ reapOrphans }) => {
      if (!isOver) stop = reapOrphans(onUnable);
    });
    return () => {
      isOver = true;
      stop?.();
    };
  },
  async capacity() {
    const { capacity } = await import("./process/capacity.ts");
    return capacity();
  },
  async spawnChild(options) {
    const children = await import("./process/children.ts");
    return await children.spawnChild(options);
  },
  async holdSocket(target, options) {
    // First, what no transport can do in a child either.
    selectTransport("auto", target, options);
    const { hold } = await import("./hold.ts");
    return await hold(
      target,
      options,
      (target, options) =>
        selectTransport("auto", target, options).bind(target, options),
    );
  },
  async parentLink() {
    const parent = runtime.env(CHILD_VARIABLE);
    if (parent === undefined) return undefined;
    const { openParentLink } = await import("./process/parent_link.ts");
    return openParentLink(parent);
  },
  shareOutput,
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
  atTurnEnd,
  monotonicMs,
  // Only on Deno does the exact clock cost a request something: three times the other.
  coarseMs: deno === undefined ? monotonicMs : () => coarseClock.read(),
  async leaveUnixPaths() {
    const paths = await import("./listen/unix_path.ts");
    paths.leaveUnixPaths();
  },
  async adoptUnixPath(path) {
    const paths = await import("./listen/unix_path.ts");
    return paths.adoptUnixPath(path);
  },
  memoryBytes: () => process.memoryUsage.rss(),
  cpuSeconds() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
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
