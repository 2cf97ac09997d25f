/** Examines a descriptor that this process inherited. */
import { fstatSync, readFileSync, readlinkSync } from "node:fs";
import process from "node:process";
import { deno } from "../_deno_types.ts";
import { refusal } from "./listen_errors.ts";
import type { ListenTarget } from "../types.ts";

type FdTarget = ListenTarget & { kind: "fd" };

const EXPECTED = "expected a TCP or UNIX socket that listens or is bound";

/** Some launchers close inherited descriptors from 3 up; none closes 0. */
const LOST =
  "npx, npm exec, npm run, bunx and bun run lose descriptors from 3 up: " +
  "start the runtime directly, or pass the socket as descriptor 0";

/**
 * Refuses what is no socket. Checked before listening, because a failed attempt closes the descriptor,
 * which may be the pipe that error messages are written to.
 *
 * @throws ListenError
 */
export function demandSocket(target: FdTarget): void {
  switch (kindOf(target.fd)) {
    case "closed":
      throw refusal(target, "EBADF", reason(target, "it is not open"));
    case "other":
      throw refusal(target, "ENOTSOCK", reason(target, "it is no socket"));
  }
}

/** The error for a descriptor that the kernel refused to listen on. */
export function cannotListen(target: FdTarget, cause: unknown): unknown {
  const { code } = cause as { code?: unknown };
  if (code !== "EINVAL" && code !== "ENOTSOCK") return cause;
  const text = reason(target, "it cannot accept connections");
  return refusal(target, "EINVAL", text, { cause });
}

/**
 * The path that the UNIX socket `fd` is bound to, `@name` if it is abstract; `""` if it has none or
 * it is unknown. Read from /proc, so on Linux only, and on Deno only with all permissions.
 */
export function unixPathOf(fd: number): string {
  try {
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(linkTo(fd)))?.[1];
    if (inode === undefined) return "";
    // Num: RefCount Protocol Flags Type St Inode Path
    for (const line of readFileSync("/proc/net/unix", "utf8").split("\n")) {
      const found = /^\S+ \S+ \S+ \S+ \S+ \S+ +(\d+) (.+)$/.exec(line);
      if (found?.[1] === inode) return found[2]!;
    }
  } catch {
    // Not Linux, or not allowed.
  }
  return "";
}

function kindOf(fd: number): "socket" | "closed" | "other" | "unknown" {
  // node:fs on Deno 2.9 knows no descriptors above 2 but its own. No upstream issue is known.
  if (deno !== undefined && fd > 2) return kindOfLink(fd);
  try {
    return fstatSync(fd).isSocket() ? "socket" : "other";
  } catch (error) {
    return (error as { code?: unknown }).code === "EBADF"
      ? "closed"
      : "unknown";
  }
}

function kindOfLink(fd: number): "socket" | "closed" | "other" | "unknown" {
  if (process.platform !== "linux") return "unknown";
  try {
    return readlinkSync(linkTo(fd)).startsWith("socket:") ? "socket" : "other";
  } catch (error) {
    return (error as { code?: unknown }).code === "ENOENT"
      ? "closed"
      : "unknown";
  }
}

function linkTo(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

function reason(target: FdTarget, fact: string): string {
  const hint = target.fd > 2 ? ` (${LOST})` : "";
  return `${fact}, ${EXPECTED}${hint}`;
}
