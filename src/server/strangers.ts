/** The first process of a container, which has to wait for the children of strangers. */
import type { Logger } from "../logging/logger.ts";
import { runtime } from "../runtime/mod.ts";
import type { Runtime } from "../runtime/types.ts";

/**
 * Waits for them until the returned function is called. If this runtime cannot, and there are some, a
 * warning says so.
 */
export function waitForStrangers(
  logger: Pick<Logger, "warning">,
  { reapOrphans }: Pick<Runtime, "reapOrphans"> = runtime,
): () => void {
  return reapOrphans(() =>
    logger.warning(
      "Processes that lost their parent remain as zombies: this runtime cannot wait for them; " +
        "start the container with an init, such as docker run --init",
    )
  );
}
