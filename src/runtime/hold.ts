/** Chooses how sockets are held for other processes: see listen/held_socket.ts. */
import { bun } from "./_bun_types.ts";
import { deno } from "./_deno_types.ts";
import { type Holder, holdWith, reserve } from "./listen/held_socket.ts";
import { loadLibc } from "./process/libc.ts";
import { demandChildren } from "./process/child_command.ts";
import { receivedDescriptor } from "./process/child_variable.ts";
import type {
  HeldSocket,
  Listener,
  ListenOptions,
  ListenTarget,
} from "./types.ts";

/**
 * See `Runtime.holdSocket`.
 *
 * @throws ConfigError where children cannot be started.
 *
 * @param bind Binds in the ordinary way.
 */
export async function hold(
  target: ListenTarget,
  options: ListenOptions,
  bind: (target: ListenTarget, options: ListenOptions) => Promise<Listener>,
): Promise<HeldSocket> {
  // First: else their lack would look like a failure to listen.
  demandChildren();
  const holder = await holderFor(target, options);
  if (holder === undefined) return await reserve(target, options, bind);
  if (target.kind !== "fd" || target.shared === undefined) {
    return await holdWith(holder, target, options);
  }
  const fd = receivedDescriptor(target.fd);
  // It listens, and others accept from it: Deno 2.9 makes it blocking for a while when it listens
  // once more, and whoever loses a race for a connection then hangs (no upstream issue is known).
  // Without the C library it has to, or children would leave it blocking for good.
  if (deno !== undefined && loadLibc() === undefined) {
    return await holdWith(holder, { ...target, fd }, options);
  }
  return { address: target.shared, descriptor: fd, async close() {} };
}

async function holderFor(
  target: ListenTarget,
  options: ListenOptions,
): Promise<Holder | undefined> {
  if (bun !== undefined) {
    const { loadLibc } = await import("./process/libc.ts");
    const libc = loadLibc();
    if (libc === undefined) return undefined;
    const { bunHolder } = await import("./bun/hold.ts");
    return bunHolder(bun, libc);
  }
  // Deno.listen has no reusePort without a flag: children bind for themselves then.
  if (deno !== undefined && options.reusePort && target.kind === "tcp") {
    return undefined;
  }
  const { nodeHolder, nodeHolds } = await import("./node/hold.ts");
  if (deno !== undefined) {
    const { denoHolder, denoHolds } = await import("./deno/hold.ts");
    if (denoHolds()) return denoHolder(deno, nodeHolder.given);
  }
  return nodeHolds(target) ? nodeHolder : undefined;
}
