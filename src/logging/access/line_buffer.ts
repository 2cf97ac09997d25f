/** Lines that are written together: a system call for each would cost more than a request. */

/** Maximum size of buffered lines, in characters: a turn of the event loop seldom has more than 64. */
const MAX_WAITING = 64 * 1024;

/** What a buffer needs of the process. */
export interface LineBufferOutput {
  /** The sink: takes whole lines. */
  write(text: string): void;
  /** Calls back once, after the current iteration of the event loop. */
  afterTurn(callback: () => void): void;
}

/** Holds lines until the current iteration of the event loop ends, then writes them in one piece. */
export class LineBuffer {
  readonly #output: LineBufferOutput;
  readonly #writeWaiting = (): void => {
    this.#isScheduled = false;
    this.flush();
  };
  #waiting = "";
  #isScheduled = false;

  constructor(output: LineBufferOutput) {
    this.#output = output;
  }

  /** Takes a line, with its line end. */
  add(line: string): void {
    this.#waiting += line;
    if (this.#waiting.length > MAX_WAITING) this.flush();
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#output.afterTurn(this.#writeWaiting);
  }

  /** Writes what is buffered. */
  flush(): void {
    const text = this.#waiting;
    if (text === "") return;
    this.#waiting = "";
    this.#output.write(text);
  }
}
