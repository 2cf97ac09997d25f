/** What each transport does not support: see Transport.unsupported. */
import { deno } from "../_deno_types.ts";
import type { ListenOptions, ListenTarget } from "../types.ts";

/** What Deno's own sockets lack. */
export function denoLacks(
  target: ListenTarget,
  options: ListenOptions,
): string | undefined {
  const lacking = nativeLacks(target, options);
  if (lacking !== undefined || target.kind !== "tcp") return lacking;
  // Deno 2.9 without --unstable-net ends the process with code 70. No upstream issue is known.
  if (options.reusePort) return "--reuse-port";
  if (options.ipv6Only && isIpv6Wildcard(target)) return "--ipv6-only";
  return undefined;
}

/** What Bun's own sockets lack. */
export function bunLacks(
  target: ListenTarget,
  options: ListenOptions,
): string | undefined {
  const isShared = target.kind === "fd" && target.shared !== undefined;
  if (isShared && options.tls === undefined) return undefined;
  return nativeLacks(target, options);
}

/** What both lack. */
export function nativeLacks(
  target: ListenTarget,
  options: ListenOptions,
): string | undefined {
  if (options.tls !== undefined) return "TLS";
  // Deno.listen 2.9 ignores a descriptor and binds a random port. No upstream issue is known.
  if (target.kind === "fd") return "inherited sockets";
  if (target.kind === "server") return "servers of node:net";
  return undefined;
}

/** What node:net lacks on this runtime. */
export function nodeLacks(
  target: ListenTarget,
  options: ListenOptions,
): string | undefined {
  if (deno === undefined) return undefined;
  // node:net on Deno 2.9 accepts IPv4 all the same. No upstream issue is known for Linux.
  if (options.ipv6Only && isIpv6Wildcard(target)) return "--ipv6-only";
  // node:net on Deno 2.9 fails with EINVAL on fe80::1%eth0. No upstream issue is known.
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
