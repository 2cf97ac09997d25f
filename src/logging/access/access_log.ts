/** One line per response. */
import type { AccessFormat } from "./access_line.ts";
import { LineBuffer, type LineBufferOutput } from "./line_buffer.ts";
import type {
  RecordNeeds,
  RequestObserver,
  RequestRecord,
} from "./request_record.ts";

/** Formats requests and writes them, those of one turn in one piece. */
export class AccessLog implements RequestObserver {
  readonly needs: RecordNeeds | undefined;
  readonly #format: AccessFormat["format"];
  readonly #lines: LineBuffer;

  constructor(
    { format, needs }: AccessFormat,
    output: LineBufferOutput,
  ) {
    this.needs = needs;
    this.#format = format;
    this.#lines = new LineBuffer(output);
  }

  onRequestEnd(record: RequestRecord): void {
    this.#lines.add(this.#format(record));
  }

  /** Writes the buffered lines. */
  flush(): void {
    this.#lines.flush();
  }
}
