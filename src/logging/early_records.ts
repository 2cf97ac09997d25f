/** Keeps what is logged before the log configuration has been read. */
import { EVERY_LEVEL, type LogHandler } from "./handler.ts";
import { LEVEL_NUMBERS } from "./logger.ts";
import type { LogRecord } from "./record.ts";
import { deliver, type LogRoute } from "./record_logger.ts";

/** Most records kept: those of a start are few. Later ones are dropped and counted. */
const MAX_RECORDS = 1000;

/** Records that wait. */
export class EarlyRecords {
  readonly #records: LogRecord[] = [];
  #dropped = 0;

  /** Where a logger sends them. */
  get route(): LogRoute {
    const handler: LogHandler = {
      threshold: EVERY_LEVEL,
      handle: (record) => {
        if (this.#records.length < MAX_RECORDS) this.#records.push(record);
        else this.#dropped++;
      },
    };
    return { threshold: EVERY_LEVEL, handlers: [handler] };
  }

  /**
   * Hands them over, in their order.
   *
   * @returns How many were dropped.
   */
  deliverTo({ threshold, handlers }: LogRoute): number {
    for (const record of this.#records.splice(0)) {
      if (LEVEL_NUMBERS[record.level] >= threshold) deliver(record, handlers);
    }
    return this.#dropped;
  }
}
