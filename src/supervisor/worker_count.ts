/** How many workers there are: the number given, or what this machine or container can carry. */
import type { ProcessOptions } from "../config/options/processes.ts";
import type { Runtime } from "../runtime/types.ts";

/** A number of workers. */
export interface WorkerCount {
  readonly count: number;
  /** Where it comes from, for the log; `undefined` if it was given. */
  readonly reason?: string;
}

/** The number of workers that the options ask for. */
export async function countWorkers(
  { workers, workerMemory }: Pick<ProcessOptions, "workers" | "workerMemory">,
  runtime: Pick<Runtime, "capacity">,
): Promise<WorkerCount> {
  if (workers !== "auto") return { count: Math.max(workers, 1) };
  const { cores, quota, memoryBytes } = await runtime.capacity();
  const facts = [`${cores} core${cores === 1 ? "" : "s"}`];
  let count = cores;
  if (quota !== undefined) {
    facts.push(`a CPU quota of ${quota}`);
    count = Math.min(count, Math.ceil(quota));
  }
  if (memoryBytes !== undefined) {
    const room = Math.floor(memoryBytes / (workerMemory * 2 ** 20));
    facts.push(`memory for ${room}`);
    count = Math.min(count, room);
  }
  count = Math.max(count, 1);
  const noun = count === 1 ? "worker" : "workers";
  return { count, reason: `Starting ${count} ${noun}: ${facts.join(", ")}` };
}
