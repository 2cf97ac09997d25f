/** Hands each response to the handlers of the access logger; their lines leave once a turn. */
import type { AccessFilter } from "./access_filter.ts";
import { AccessLog } from "./access_log.ts";
import { accessRecord } from "./access_record.ts";
import { type LogHandler, TextHandler } from "../handler.ts";
import { LineBuffer } from "./line_buffer.ts";
import { LEVEL_NUMBERS } from "../logger.ts";
import { deliver, type LogRoute, reachOf } from "../record_logger.ts";
import type {
  RecordNeeds,
  RequestObserver,
  RequestRecord,
} from "./request_record.ts";

/** An access log whose handlers can be exchanged. */
export class AccessRouter implements RequestObserver {
  readonly #afterTurn: (callback: () => void) => void;
  readonly #expected: RecordNeeds;
  #isLogged: AccessFilter | undefined;
  /** For handlers with a format of access lines. */
  #logs: AccessLog[] = [];
  /** The others. */
  #handlers: LogHandler[] = [];
  #buffered: { flush(): void }[] = [];

  /**
   * @param afterTurn Calls back once, after the current iteration of the event loop.
   * @param expected What handlers may need that are not known yet.
   */
  constructor(
    afterTurn: (callback: () => void) => void,
    expected: RecordNeeds = {
      firstByte: false,
      responseFields: false,
      coarseTimes: true,
    },
  ) {
    this.#afterTurn = afterTurn;
    this.#expected = expected;
  }

  /** Whether nothing would be written. */
  get isOff(): boolean {
    return this.#logs.length === 0 && this.#handlers.length === 0;
  }

  get needs(): RecordNeeds {
    return {
      firstByte: this.#expected.firstByte || this.#handlers.length > 0 ||
        this.#logs.some(({ needs }) => needs?.firstByte),
      responseFields: this.#expected.responseFields ||
        this.#logs.some(({ needs }) => needs?.responseFields),
      coarseTimes: this.#expected.coarseTimes === true &&
        this.#handlers.length === 0 &&
        this.#logs.every(({ needs }) => needs?.coarseTimes),
    };
  }

  /**
   * Sends responses from now on to other handlers.
   *
   * @param isLogged Chooses requests; `undefined` logs all.
   */
  reroute(route: LogRoute, isLogged: AccessFilter | undefined): void {
    this.flush();
    this.#isLogged = isLogged;
    this.#logs = [];
    this.#handlers = [];
    this.#buffered = [];
    if (reachOf(route) > LEVEL_NUMBERS.info) return;
    for (const handler of route.handlers) {
      if (handler.threshold <= LEVEL_NUMBERS.info) this.#add(handler);
    }
  }

  #add(handler: LogHandler): void {
    const { accessLines } = handler;
    const output = (write: (text: string) => void) => ({
      write,
      afterTurn: this.#afterTurn,
    });
    if (accessLines !== undefined) {
      const log = new AccessLog(
        accessLines.format,
        output((text) => accessLines.write(text)),
      );
      this.#logs.push(log);
      this.#buffered.push(log);
    } else if (handler instanceof TextHandler) {
      const lines = new LineBuffer(output((text) => handler.write(text)));
      this.#buffered.push(lines);
      const write = (text: string): void => lines.add(text);
      this.#handlers.push(handler.writingTo({ write }));
    } else this.#handlers.push(handler);
  }

  onRequestEnd(record: RequestRecord): void {
    const isLogged = this.#isLogged;
    if (isLogged !== undefined && !isLogged(record)) return;
    for (const log of this.#logs) log.onRequestEnd(record);
    if (this.#handlers.length > 0) {
      deliver(accessRecord(record), this.#handlers);
    }
  }

  /** Writes the buffered lines. */
  flush(): void {
    for (const each of this.#buffered) each.flush();
  }
}
