/** The limit of open files of this process. */
import { host } from "./host.ts";
import { mayRead } from "./permissions.ts";

const LIMITS = "/proc/self/limits";

/**
 * The soft limit of open files; `undefined` where it cannot be read, which is everywhere but on
 * Linux, or where there is none.
 */
export function descriptorLimit(): number | undefined {
  if (!mayRead(LIMITS)) return undefined;
  try {
    const [, text] = /^Max open files +(\d+)/m.exec(
      host.readText(LIMITS),
    ) ?? [];
    return text === undefined ? undefined : Number(text);
  } catch {
    return undefined; // Deno 2.9 demands all permissions for /proc
  }
}
