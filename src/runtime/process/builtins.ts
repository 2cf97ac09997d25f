/**
 * `node:` modules that most servers never need, loaded on first use: on Deno 2.9 node:process takes
 * 10 ms of a start, node:fs and node:crypto 5 more each; on Bun 1.4 node:tty takes 7 and node:zlib 3
 * (bench/startup.mjs). Loading needs no permission, cannot fail, and is synchronous.
 */
export const builtins = {
  get crypto(): typeof import("node:crypto") {
    return process.getBuiltinModule("node:crypto");
  },
  get fs(): typeof import("node:fs") {
    return process.getBuiltinModule("node:fs");
  },
  get net(): typeof import("node:net") {
    return process.getBuiltinModule("node:net");
  },
  get dns(): typeof import("node:dns/promises") {
    return process.getBuiltinModule("node:dns/promises");
  },
  get tty(): typeof import("node:tty") {
    return process.getBuiltinModule("node:tty");
  },
  get workerThreads(): typeof import("node:worker_threads") {
    return process.getBuiltinModule("node:worker_threads");
  },
  get zlib(): typeof import("node:zlib") {
    return process.getBuiltinModule("node:zlib");
  },
};
