/** Server-sent events as text (HTML Standard, section 9.2). */

/** One event. */
export interface ServerSentEvent {
  /** Lines of data; ends of lines may be any. Default: none. */
  readonly data?: string;
  /** The type of the event; no line ends. Default: the client takes it for `message`. */
  readonly event?: string;
  /** What a client that connects anew sends as `last-event-id`; no line ends. Default: none. */
  readonly id?: string;
  /** Milliseconds until a client connects anew, from now on. Default: none. */
  readonly retry?: number;
  /** Ignored by clients. Default: none. */
  readonly comment?: string;
}

/**
 * The text of `event`, with the empty line that ends it. Text alone is its data.
 *
 * @throws TypeError if a field cannot hold its value.
 */
export function eventText(event: ServerSentEvent | string): string {
  if (typeof event === "string") return `${linesOf("data", event)}\n`;
  const { data, event: type, id, retry, comment } = event;
  let text = comment === undefined ? "" : linesOf("", comment);
  if (type !== undefined) text += lineOf("event", type);
  if (id !== undefined) text += lineOf("id", id);
  if (retry !== undefined) text += lineOf("retry", retryText(retry));
  if (data !== undefined) text += linesOf("data", data);
  return `${text}\n`;
}

function linesOf(name: string, text: string): string {
  return text.split(/\r\n|\r|\n/).map((line) => `${name}: ${line}\n`).join("");
}

function lineOf(name: string, value: string): string {
  // Clients ignore an id that holds NUL.
  if (/[\r\n\0]/.test(value)) {
    throw new TypeError(
      `Cannot send ${
        JSON.stringify(value)
      } as "${name}" of an event: expected text without line ends`,
    );
  }
  return `${name}: ${value}\n`;
}

function retryText(retry: number): string {
  if (Number.isSafeInteger(retry) && retry >= 0) return String(retry);
  throw new TypeError(
    `Cannot send ${retry} as "retry" of an event: expected whole milliseconds`,
  );
}
