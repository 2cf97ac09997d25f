/** `wsgi.errors` (PEP 3333): a stream of text whose lines go to the log. */
import type { Logger } from "../../../logging/logger.ts";
import { printable } from "../../../text/printable.ts";

/** Longest line that is kept until its end is written, in characters. */
const MAX_LINE = 8192;

/** Text for the operator, logged line by line at level error. */
export class WsgiErrors {
  readonly #logger: Logger;
  #rest = "";

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Logs the lines of `text` that are complete, and keeps the rest. */
  write(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) this.#log(line);
    if (this.#rest.length > MAX_LINE) this.flush();
  }

  /** As `write()` for each. */
  writelines(texts: Iterable<string>): void {
    for (const text of texts) this.write(text);
  }

  /** Logs what was written after the last line end. */
  flush(): void {
    const rest = this.#rest;
    this.#rest = "";
    if (rest !== "") this.#log(rest);
  }

  #log(line: string): void {
    if (line !== "") this.#logger.error(printable(line));
  }
}
