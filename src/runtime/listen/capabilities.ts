/** What each transport has no way to do: see Transport.unsupported. */
import { deno } from "../_deno_types.ts";
import type { ListenOptions, ListenTarget } from "../types.ts";

/** Of the sockets of Deno itself. */
export function denoLacks(
  target: ListenTarget,
  options: ListenOptions,
): string | undefined {
  const lacking = nativeLacks(target, options);
  if (lacking !== undefined || target.kind !== "tcp") return lacking;
  // Without --unstable-net, Deno 2.9 ends the process when it is asked for.
  if (options.reusePort) return "--reuse-port";
  if (options.ipv6Only && isIpv6Wildcard(target)) return "--ipv6-only";
  return undefined;
}

/** Of the sockets of Bun itself, and of all that are not those of node:net. */
export function nativeLacks(
  target: ListenTarget,
  options: ListenOptions,
): string | undefined {
  if (options.tls !== undefined) return "TLS";
  // Deno.listen ignores a descriptor and opens a port of its own choice.
  if (target.kind === "fd") return "inherited sockets";
  if (target.kind === "server") return "servers of node:net";
  return undefined;
}

/** Of those of node:net. */
export function nodeLacks(
  target: ListenTarget,
  options: ListenOptions,
): string | undefined {
  if (deno === undefined) return undefined;
  // Deno 2.9 node:net takes IPv4 all the same.
  if (options.ipv6Only && isIpv6Wildcard(target)) return "--ipv6-only";
  // It answers EINVAL to fe80::1%eth0.
  return hasZone(target) ? "an IPv6 zone" : undefined;
}

/** Whether `target` names the interface that a link-local address belongs to (RFC 4007 §11). */
export function hasZone(target: ListenTarget): boolean {
  return target.kind === "tcp" && target.host.includes("%");
}

/** Whether `target` is every interface of IPv6, so that it matters whether IPv4 is taken too. */
function isIpv6Wildcard(target: ListenTarget): boolean {
  return target.kind === "tcp" && (target.host === "" || target.host === "::");
}
