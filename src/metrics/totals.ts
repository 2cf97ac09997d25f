/**
 * What several processes have told, added up. What a process has counted stays when it is gone, so
 * that a counter never falls; what it had open goes with it.
 */
import {
  type AppMetric,
  mergeAppMetrics,
  outlivesWorker,
} from "./app_metrics.ts";
import { addUp, outlivesProcess, type Snapshot } from "./snapshot.ts";

/** What one process tells: plain data. */
export interface ToldMetrics {
  readonly snapshot: Snapshot;
  /** Of the application's own registry; `undefined` if nothing is told of it this time. */
  readonly app?: readonly AppMetric[] | undefined;
}

/** Identifies a process that tells. */
export type Teller = object;

/** One for each parent. */
export class Totals {
  readonly #told = new Map<Teller, ToldMetrics>();
  #past: Snapshot = {};
  #pastApp: readonly AppMetric[] = [];

  /** `teller` has told where it is now. */
  update(teller: Teller, { snapshot, app }: ToldMetrics): void {
    const known = this.#told.get(teller);
    this.#told.set(teller, { snapshot, app: app ?? known?.app });
  }

  /** `teller` is gone: what it told last is what it has counted. */
  retire(teller: Teller): void {
    const last = this.#told.get(teller);
    if (last === undefined) return;
    this.#told.delete(teller);
    const { snapshot, app = [] } = last;
    this.#past = addUp([this.#past, snapshot], outlivesProcess);
    this.#pastApp = mergeAppMetrics([
      this.#pastApp,
      app.filter(outlivesWorker),
    ]);
  }

  /** What `teller` told last; `undefined` if it has not told anything, or is gone. */
  lastOf(teller: Teller): Snapshot | undefined {
    return this.#told.get(teller)?.snapshot;
  }

  /** All that is known. @param own Of the process that asks. */
  sum(own: Snapshot): { snapshot: Snapshot; app: readonly AppMetric[] } {
    const told = [...this.#told.values()];
    return {
      snapshot: addUp([
        this.#past,
        ...told.map(({ snapshot }) => snapshot),
        own,
      ]),
      app: mergeAppMetrics([
        this.#pastApp,
        ...told.map(({ app = [] }) => app),
      ]),
    };
  }
}
