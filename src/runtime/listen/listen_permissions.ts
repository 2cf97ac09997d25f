/** The permissions of Deno that listening needs; their lack is worded for an operator. */
import type { DenoPermission } from "../_deno_types.ts";
import { requestPermission } from "../process/permissions.ts";
import type { ListenTarget } from "../types.ts";
import { refusal } from "./listen_errors.ts";

/**
 * Demands permission to bind `target` at TCP `host` and `port`.
 *
 * @throws ListenError
 */
export function demandNet(
  target: ListenTarget,
  host: string,
  port: number,
): void {
  const where = hostAndPort(host, port);
  // A name needs permission to be resolved, and its address to be bound: the message has both.
  const name = target.kind === "tcp" ? target.name : undefined;
  const all = name === undefined
    ? where
    : `${hostAndPort(name, port)},${where}`;
  demand(target, { name: "net", host: where }, `--allow-net=${all}`);
}

/**
 * Demands permission to bind `target` at the UNIX path `path`.
 *
 * @throws ListenError
 */
export function demandUnix(target: ListenTarget, path: string): void {
  demand(
    target,
    { name: "net", host: `unix:${path}` },
    `--allow-net=unix:${path}`,
  );
  demand(target, { name: "read", path }, `--allow-read=${path}`);
  demand(target, { name: "write", path }, `--allow-write=${path}`);
}

/** Port 0 is left out: the kernel chooses one, and permission for a host covers all its ports. */
function hostAndPort(host: string, port: number): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  return port === 0 ? shown : `${shown}:${port}`;
}

function demand(
  target: ListenTarget,
  permission: DenoPermission,
  flag: string,
): void {
  if (requestPermission(permission)) return;
  throw refusal(
    target,
    "NotCapable",
    `Deno does not allow it, run it with ${flag}`,
  );
}
