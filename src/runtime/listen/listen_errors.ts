/**
 * Failures to listen, worded once for all runtimes: each has its own messages, and some their own
 * codes, for the same refusal of the kernel.
 */
import { ListenError } from "../../errors.ts";
import { describeTarget } from "./addresses.ts";
import type { ListenTarget } from "../types.ts";

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EAFNOSUPPORT: "this machine does not support this kind of address",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOENT: "the directory does not exist",
  ENOTDIR: "a part of the path is not a directory",
  EROFS: "the file system is read-only",
  EMFILE: "too many open files in this process",
  ENFILE: "too many open files on this machine",
  ENOTFOUND: "the name does not resolve to an address",
  EAI_AGAIN: "the name could not be resolved, try again later",
};

/** A {@linkcode ListenError} for whatever `cause` a runtime threw or reported for `target`. */
export function listenError(target: ListenTarget, cause: unknown): ListenError {
  if (cause instanceof ListenError) return cause;
  const code = systemCode(target, cause);
  const reason = REASONS[code] ??
    (cause instanceof Error ? cause.message : String(cause));
  return refusal(target, code, reason, { cause });
}

/** A {@linkcode ListenError} for a refusal that is our own finding. */
export function refusal(
  target: ListenTarget,
  code: string,
  reason: string = REASONS[code] ?? code,
  options?: ErrorOptions,
): ListenError {
  const asked = target.option === undefined ? "" : ` (${target.option})`;
  return new ListenError(
    `Cannot listen on ${describeTarget(target)}${asked}: ${reason}`,
    code,
    options,
  );
}

function systemCode(target: ListenTarget, cause: unknown): string {
  const { code, name } = cause as { code?: unknown; name?: unknown };
  // node:net on Deno 2.9 reports EINVAL for EADDRNOTAVAIL; no upstream issue is known. The host is an
  // IP address by now and the port is in range, so nothing else can be invalid.
  if (code === "EINVAL" && target.kind === "tcp") return "EADDRNOTAVAIL";
  if (typeof code === "string" && code !== "") return code;
  return name === "NotCapable" ? name : "ERR_TRICORN_LISTEN";
}
