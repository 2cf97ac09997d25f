/**
 * Deno's permissions, asked before the call that needs them: without one, node:net on Deno 2.9 ends
 * in an uncaught exception or in EPERM, and Deno.listen in an error that names no address. Elsewhere
 * everything is allowed.
 */
import { deno, type DenoPermission } from "../_deno_types.ts";
import { refusal } from "../listen/listen_errors.ts";
import type { ListenTarget } from "../types.ts";

/** Throws a ListenError if `target` must not be bound by way of TCP `host` and `port`. */
export function demandNet(
  target: ListenTarget,
  host: string,
  port: number,
): void {
  const where = hostAndPort(host, port);
  // A name needs permission for itself, to be resolved, and for its address: tell both at once.
  const name = target.kind === "tcp" ? target.name : undefined;
  const all = name === undefined
    ? where
    : `${hostAndPort(name, port)},${where}`;
  demand(target, { name: "net", host: where }, `--allow-net=${all}`);
}

/** Throws a ListenError if `target` must not be bound at the UNIX path `path`. */
export function demandUnix(target: ListenTarget, path: string): void {
  demand(
    target,
    { name: "net", host: `unix:${path}` },
    `--allow-net=unix:${path}`,
  );
  demand(target, { name: "read", path }, `--allow-read=${path}`);
  demand(target, { name: "write", path }, `--allow-write=${path}`);
}

/** Whether files may be made and removed at `path`, without asking anybody. */
export function mayWrite(path: string): boolean {
  return isGranted({ name: "read", path }) &&
    isGranted({ name: "write", path });
}

/** Whether the file at `path` may be read, without asking anybody. */
export function mayRead(path: string): boolean {
  return isGranted({ name: "read", path });
}

/** Whether the environment variable `variable` may be read, without asking anybody. */
export function mayReadEnv(variable: string): boolean {
  return isGranted({ name: "env", variable });
}

/** Whether all environment variables may be seen, without asking anybody. */
export function mayListEnv(): boolean {
  return isGranted({ name: "env" });
}

/** Port 0 is not yet a port: whoever allows the host allows any port the kernel chooses. */
function hostAndPort(host: string, port: number): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return port === 0 ? shown : `${shown}:${port}`;
}

export function isGranted(permission: DenoPermission): boolean {
  return deno === undefined ||
    deno.permissions.querySync(permission).state === "granted";
}

function demand(
  target: ListenTarget,
  permission: DenoPermission,
  flag: string,
): void {
  if (isGranted(permission)) return;
  // Asks the person at the terminal, as Deno does of its own; elsewhere it returns at once.
  if (deno?.permissions.requestSync(permission).state === "granted") return;
  throw refusal(
    target,
    "NotCapable",
    `Deno does not allow it, run it with ${flag}`,
  );
}
