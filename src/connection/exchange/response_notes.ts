/** What observers of requests need to know of a response that costs extra. */
import type { HeaderInput } from "../../asgi.ts";
import type {
  RecordFields,
  RecordNeeds,
} from "../../logging/access/request_record.ts";

/** Kept by a connection for its responses, one after another. */
export class ResponseNotes {
  readonly #needs: RecordNeeds;
  readonly #monotonicMs: () => number;
  /** When the head of the response was committed; `undefined` before, or if nobody needs it. */
  headAtMs: number | undefined;
  /** Of the application; empty if nobody needs them. */
  fields: RecordFields = [];

  constructor(needs: RecordNeeds, monotonicMs: () => number) {
    this.#needs = needs;
    this.#monotonicMs = monotonicMs;
  }

  /** A response is begun. */
  clear(): void {
    this.headAtMs = undefined;
    this.fields = [];
  }

  /** The application starts its response. @returns `headers`, to be iterated once more. */
  onStart(headers: HeaderInput): HeaderInput {
    if (!this.#needs.responseFields) return headers;
    // They may be iterated once.
    const fields = Array.isArray(headers) ? headers : [...headers];
    this.fields = fields.filter(isText).map(([name, value]) =>
      [name.toLowerCase(), value] as const
    );
    return fields;
  }

  /** The head is on its way. */
  onHeadCommitted(): void {
    if (this.#needs.firstByte) this.headAtMs = this.#monotonicMs();
  }
}

/** Fields may be octets, too; those are not shown. What is no pair is refused elsewhere. */
function isText(field: unknown): field is readonly [string, string] {
  return Array.isArray(field) && typeof field[0] === "string" &&
    typeof field[1] === "string";
}
