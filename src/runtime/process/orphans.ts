/**
 * Strangers' children. A process whose parent has ended becomes a child of PID 1, which in a container
 * is this server; when it ends, it stays a zombie until PID 1 waits for it. Runtimes wait for the
 * processes that they have started and for no others.
 */
import { clearTimeout, setTimeout } from "node:timers";
import { builtins } from "./builtins.ts";
import { host } from "./host.ts";
import { loadLibc } from "./libc.ts";
import { onSignal } from "./signals.ts";

/**
 * Time between two looks, in milliseconds. What is a zombie at both is a stranger's: a runtime waits
 * for its own at once.
 */
const LOOK_MS = 1000;
const WNOHANG = 1;

/**
 * Waits for strangers' children, if this process is PID 1 of a Linux container.
 *
 * @param onUnable Called once, when there are some and this runtime cannot wait for them.
 * @returns A function that ends it.
 */
export function reapOrphans(onUnable: () => void): () => void {
  if (host.pid !== 1 || host.platform !== "linux") return () => {};
  let timer: NodeJS.Timeout | undefined;
  let seen: ReadonlySet<number> = new Set();
  const look = (): void => {
    timer = undefined;
    const zombies = zombiesOf(host.pid);
    const strangers = zombies.filter((pid) => seen.has(pid));
    seen = new Set(zombies);
    if (strangers.length > 0 && !waitFor(strangers)) {
      stopListening();
      return onUnable();
    }
    if (zombies.length > 0) later();
  };
  const later = (): void => {
    if (timer !== undefined) return;
    timer = setTimeout(look, LOOK_MS);
    timer.unref();
  };
  const stopListening = onSignal("SIGCHLD", later);
  return () => {
    stopListening();
    clearTimeout(timer);
  };
}

/** @returns Whether that is possible here. */
function waitFor(pids: readonly number[]): boolean {
  const libc = loadLibc();
  const status = new Int32Array(1);
  for (const pid of pids) libc?.waitpid(pid, status, WNOHANG);
  return libc !== undefined;
}

/** The children of `parent` that have ended and that nobody has waited for. */
function zombiesOf(parent: number): number[] {
  try {
    return builtins.fs.readdirSync("/proc").filter((name) => /^\d+$/.test(name))
      .map(Number).filter((pid) => isZombieOf(parent, pid));
  } catch {
    return []; // Deno demands all permissions for /proc
  }
}

function isZombieOf(parent: number, pid: number): boolean {
  try {
    const text = builtins.fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    // pid (name) state ppid …; the name may hold anything.
    const [state, ppid] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" && Number(ppid) === parent;
  } catch {
    return false; // gone
  }
}
