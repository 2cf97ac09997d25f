/** The permissions of Deno that listening needs; their lack is worded for an operator. */
import { isAbsolute, resolve } from "node:path";
import { bracketed, hostPort } from "../../text/host_port.ts";
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
  const where = permissionHost(host, port);
  // A name needs permission to be resolved, and its address to be bound: the message has both.
  const name = target.kind === "tcp" ? target.name : undefined;
  const all = name === undefined
    ? where
    : `${permissionHost(name, port)},${where}`;
  demand(target, { name: "net", host: where }, `--allow-net=${all}`);
}

/**
 * Demands permission to bind `target` at the UNIX path `path`.
 *
 * @throws ListenError
 */
export function demandUnix(target: ListenTarget, path: string): void {
  const net = `unix:${absolute(target, path)}`;
  demand(target, { name: "net", host: net }, `--allow-net=${net}`);
  demand(target, { name: "read", path }, `--allow-read=${path}`);
  demand(target, { name: "write", path }, `--allow-write=${path}`);
}

/** Permissions of the kind "net" name sockets by their absolute paths: Deno 2.9 rejects others. */
function absolute(target: ListenTarget, path: string): string {
  if (isAbsolute(path)) return path;
  demand(target, { name: "read", path: "." }, "--allow-read=."); // for the working directory
  return resolve(path);
}

/** Port 0 is left out: the kernel chooses one, and permission for a host covers all its ports. */
function permissionHost(host: string, port: number): string {
  return port === 0 ? bracketed(host) : hostPort(host, port);
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
