/** Warnings about something that would otherwise be logged for each request. */
import type { Logger } from "./logger.ts";

/** Logs `message` at the first call with its `topic`, and nothing at later ones. */
export type WarnOnce = (topic: string, message: string) => void;

/** One memory of topics, for one server. */
export function oneTimeWarnings(logger: Logger): WarnOnce {
  const seen = new Set<string>();
  return (topic, message) => {
    if (seen.has(topic)) return;
    seen.add(topic);
    logger.warning(message);
  };
}
