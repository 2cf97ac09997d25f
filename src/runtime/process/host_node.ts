/** The process on Node and Bun. */
import { builtins } from "./builtins.ts";
import type { Host } from "./_host_types.ts";

/** A Host over the global `process`. */
export const nodeHost: Host = {
  get platform() {
    return process.platform;
  },
  get pid() {
    return process.pid;
  },
  get args() {
    return process.argv.slice(2);
  },
  cwd: () => process.cwd(),
  env: (name) => process.env[name],
  setEnv(name, value) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  },
  envNames: () => Object.keys(process.env),
  // Terminals are character devices; only for those is node:tty loaded, which takes 7 ms on Bun 1.4.
  isTerminal: (fd) => isCharacterDevice(fd) && builtins.tty.isatty(fd),
  readText: (path) => builtins.fs.readFileSync(path, "utf8"),
  fileKind(path) {
    const stats = builtins.fs.statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    return stats.isDirectory() ? "folder" : stats.isFile() ? "file" : "other";
  },
  addSignalListener: (signal, listener) => void process.on(signal, listener),
  removeSignalListener: (signal, listener) =>
    void process.off(signal, listener),
};

function isCharacterDevice(fd: number): boolean {
  try {
    return builtins.fs.fstatSync(fd).isCharacterDevice();
  } catch {
    return false; // closed
  }
}
