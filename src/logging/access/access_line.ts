/** What makes the lines of the access log. */
import type { RecordNeeds, RequestRecord } from "./request_record.ts";

/** Makes lines, and says what it needs for that. */
export interface AccessFormat {
  /** The line of one request, with its line end; all that peers have sent is escaped. */
  readonly format: (record: RequestRecord) => string;
  /** What is to be collected for it. */
  readonly needs: RecordNeeds;
}

/** What lines depend on besides the request. */
export interface FormatContext {
  readonly isColored: boolean;
  /** The reason phrase of a status, such as `OK`; `""` if it has none. */
  phrase(status: number): string;
  /** Looks up an environment variable. */
  env(name: string): string | undefined;
  /** Process id. */
  readonly pid: number;
}
