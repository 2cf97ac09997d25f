/** Hooks of crossws that an application hands over with its answer to a handshake, as H3 does. */
import type { CrosswsHooks } from "./crossws_types.ts";

/** Where hooks are attached to a request: crossws documents this name for it. */
const HOOKS = Symbol.for("crossws.hooks");

interface WithHooks {
  readonly crossws?: CrosswsHooks;
  readonly [HOOKS]?: CrosswsHooks;
}

/**
 * Hooks that came with the answer: they are a member of it, or of the request. Of the request they
 * do not count where something has refused it: only 426, which stands for the upgrade itself, and
 * what is a success lets it go on.
 */
export function attachedHooks(
  request: Request,
  response: unknown,
): CrosswsHooks | undefined {
  const answer = Object(response) as WithHooks & Partial<Response>;
  const { [HOOKS]: attached } = request as WithHooks;
  const isOpen = answer.ok === true || answer.status === 426;
  const hooks = answer.crossws ?? (isOpen ? attached : undefined);
  if (hooks === undefined) return undefined;
  answer.body?.cancel().catch(() => {}); // nobody reads it
  return hooks;
}
