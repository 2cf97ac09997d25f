/** How much of this machine the process may use. */
import { groupLimits } from "./control_groups.ts";
import { host } from "./host.ts";
import { mayRead } from "./permissions.ts";
import type { Capacity } from "../types.ts";

/** See `Runtime.capacity`. */
export function capacity(): Capacity {
  return {
    // Those that the process is bound to, on all three runtimes.
    cores: navigator.hardwareConcurrency,
    ...groupLimits(read),
  };
}

function read(path: string): string | undefined {
  if (!mayRead(path)) return undefined;
  try {
    return host.readText(path);
  } catch {
    // Not Linux, no such limit, or Deno, which demands all permissions for /proc and /sys.
    return undefined;
  }
}
