/** Who follows the server processes of a reload. */
import type { Child } from "../../runtime/types.ts";
import type { FromWorker } from "../messages.ts";

/** What is used of a server process. */
export type WatchedChild = Pick<Child, "pid" | "send">;

/** Told of each server process, from its start to its end, in the order of events. */
export interface ChildWatcher {
  /** A process has been started, in the place of the one before. */
  onStart(child: WatchedChild): void;
  /** `child` has said something. */
  onMessage(child: WatchedChild, message: FromWorker): void;
  /** `child` was told to end. @param isReplaced Whether another one is to follow. */
  onDrain(child: WatchedChild, isReplaced: boolean): void;
  /** `child` has ended. */
  onGone(child: WatchedChild): void;
}
