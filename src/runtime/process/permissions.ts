/**
 * Deno's permissions, asked before the call that needs them: without one, `node:net` on Deno 2.9 ends
 * in an uncaught exception or in EPERM, and `Deno.listen` in an error that names no address. Node and
 * Bun grant everything. No upstream issue is known.
 */
import { deno, type DenoPermission } from "../_deno_types.ts";

/** Whether files may be made and removed at `path`. Never prompts. */
export function mayWrite(path: string): boolean {
  return isGranted({ name: "read", path }) &&
    isGranted({ name: "write", path });
}

/** Whether the file at `path` may be read. Never prompts. */
export function mayRead(path: string): boolean {
  return isGranted({ name: "read", path });
}

/** Whether the environment variable `variable` may be read. Never prompts. */
export function mayReadEnv(variable: string): boolean {
  return isGranted({ name: "env", variable });
}

/** Whether the names of all environment variables may be read. Never prompts. */
export function mayListEnv(): boolean {
  return isGranted({ name: "env" });
}

/** Whether Deno's inspector may be used; not on releases before 2.9.2, which know no such permission. */
export function mayInspect(): boolean {
  try {
    return isGranted({ name: "sys", kind: "inspector" });
  } catch {
    return false;
  }
}

/** Whether `permission` is granted already. Never prompts. */
export function isGranted(permission: DenoPermission): boolean {
  return deno === undefined ||
    deno.permissions.querySync(permission).state === "granted";
}

/**
 * Whether `permission` is granted, now or at Deno's prompt. Without a terminal there is no prompt,
 * and the answer is immediate.
 */
export function requestPermission(permission: DenoPermission): boolean {
  return isGranted(permission) ||
    deno?.permissions.requestSync(permission).state === "granted";
}
