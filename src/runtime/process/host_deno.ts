/** The process on Deno, through the global `Deno`: the node: modules take 20 ms to load. */
import type { DenoApi } from "../_deno_types.ts";
import type { Host } from "./_host_types.ts";

/** A Host over the functions of `api`. */
export function denoHost(api: DenoApi): Host {
  const streams = [api.stdin, api.stdout, api.stderr];
  return {
    platform: api.build.os === "windows" ? "win32" : api.build.os,
    pid: api.pid,
    args: api.args,
    cwd: () => api.cwd(),
    env: (name) => api.env.get(name),
    setEnv(name, value) {
      if (value === undefined) api.env.delete(name);
      else api.env.set(name, value);
    },
    envNames: () => Object.keys(api.env.toObject()),
    isTerminal: (fd) => streams[fd]!.isTerminal(),
    readText: (path) => api.readTextFileSync(path),
    fileKind(path) {
      try {
        const { isFile, isDirectory } = api.statSync(path);
        return isDirectory ? "folder" : isFile ? "file" : "other";
      } catch (error) {
        if ((error as { code?: unknown }).code === "ENOENT") return undefined;
        throw error;
      }
    },
    addSignalListener: (signal, listener) =>
      api.addSignalListener(signal, listener),
    removeSignalListener: (signal, listener) =>
      api.removeSignalListener(signal, listener),
  };
}
