/** What logging needs of the process it runs in. */

/** Takes the text of a log. Never throws. */
export interface TextSink {
  /** Whether it is a terminal. */
  readonly isTerminal: boolean;
  /** Takes whole lines, in one piece. */
  write(text: string): void;
}

/** A file that a log is appended to. Its methods never throw. */
export interface LogFile extends TextSink {
  /** Called with the number of dropped lines, once lines are written again. */
  onDropped: ((lines: number) => void) | undefined;
  /** Called with the reason when it takes no more, once until it does. */
  onFailure: ((reason: string) => void) | undefined;
  /** Writes what is queued; returns how many lines were dropped that were not reported. */
  flush(): number;
  /** Opens its path again; returns why that failed, and the file of before stays in use. */
  reopen(): string | undefined;
  /** Closes it, once what is queued is written. */
  close(): void;
}

/** What logging needs of the process. */
export interface LoggingOutput {
  /** Receives the access log. */
  readonly stdout: TextSink;
  /** Receives all other messages. */
  readonly stderr: TextSink;
  /** Process id. */
  readonly pid: number;
  /** Looks up an environment variable: `NO_COLOR`, `FORCE_COLOR`, `TERM`. */
  env(name: string): string | undefined;
  /** Calls back once, after the current iteration of the event loop. */
  afterTurn(callback: () => void): void;
  /** The reason phrase of a status, such as `OK`; `""` if it has none. */
  phrase(status: number): string;
  /** The text of a file. Throws with the system's `code`. */
  readText(path: string): string;
  /** Opens a file to append to. Rejects with a message of one line. */
  openLogFile(path: string): Promise<LogFile>;
  /** Reads YAML, now or later; throws or rejects with a message of one line. */
  parseYaml?(text: string): unknown;
}
