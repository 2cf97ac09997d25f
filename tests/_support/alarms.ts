/** Unhandled rejections, which end a Node process and must never come from `send()` (asgi:A-022). */
import process from "node:process";

/** Runs `work`, lets a few turns of the event loop pass, and returns what was raised unhandled. */
export async function alarms(work: () => unknown): Promise<unknown[]> {
  const raised: unknown[] = [];
  const onAlarm = (reason: unknown) => void raised.push(reason);
  process.on("unhandledRejection", onAlarm);
  try {
    await work();
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  } finally {
    process.off("unhandledRejection", onAlarm);
  }
  return raised;
}
