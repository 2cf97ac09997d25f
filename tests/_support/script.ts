/**
 * Applications told by their requests what to do: a wire test writes the steps where it checks
 * their effect, and one server answers for all tests of a file.
 *
 * The steps travel in the query as JSON; tests/wire/apps/scripted.ts takes them. What the
 * application sees comes back as lines on the server's standard output, `app <id> <what>`, which
 * {@linkcode Script.seen} waits for.
 */
import type { ServerProcess } from "./spawn_server.ts";

/** Header pairs as JSON carries them. */
type Pairs = readonly (readonly [string, string])[];

/** One thing the application does. */
export type Step =
  /** Sends `http.response.start`. */
  | readonly ["start", number, Pairs?]
  /** Sends `http.response.body`, by default the last one. */
  | readonly ["body", string?, boolean?]
  /** Sends any message at all. */
  | readonly ["send", unknown]
  /** Sends and notes `rejected <name>: <message>` or `sent`. */
  | readonly ["try", unknown]
  /** Receives once and notes the event. */
  | readonly ["receive"]
  /** Receives until the body has ended and notes its size. */
  | readonly ["readAll"]
  /** Receives until `http.disconnect`, noting every event. */
  | readonly ["untilDisconnect"]
  /** Receives the whole request body and answers with it. */
  | readonly ["echo"]
  /** Sends that many body messages of that many bytes each, noting `flooded` at their end. */
  | readonly ["flood", number, number]
  /** Waits until a signal of the scope is raised, and notes its reason. */
  | readonly ["signal", "abort_signal" | "drain_signal"]
  /** Notes whether `abort_signal` is raised. */
  | readonly ["probeSignal"]
  /** Waits for the request's trailers and notes them as JSON. */
  | readonly ["requestTrailers"]
  /** Waits until a request for `/release?<name>` came. */
  | readonly ["wait", string]
  | readonly ["sleep", number]
  | readonly ["note", string]
  | readonly ["throw", string]
  | readonly ["return", unknown?];

/** What travels. */
export interface ScriptMessage {
  readonly id: string;
  readonly steps: readonly Step[];
}

/** The import string of the application. */
export const SCRIPTED_APP = "scripted:app";

let nextId = 0;

/** One request's steps. */
export class Script {
  /** Unique within a test process, and on the one server that serves it. */
  readonly id: string = `t${++nextId}`;
  /** Path and query of the request. */
  readonly target: string;

  constructor(...steps: readonly Step[]) {
    const message: ScriptMessage = { id: this.id, steps };
    this.target = `/run?${encodeURIComponent(JSON.stringify(message))}`;
  }

  /** Resolves to what the application noted, once it noted something that matches. */
  async seen(server: ServerProcess, pattern: RegExp): Promise<string> {
    const source = `^app ${this.id} (?:${pattern.source})`;
    const line = await server.line("stdout", new RegExp(source, pattern.flags));
    return line.slice(`app ${this.id} `.length);
  }

  /** Everything the application noted up to now. */
  notesSoFar(server: ServerProcess): string[] {
    const prefix = `app ${this.id} `;
    const lines = server.stdout.filter((line) => line.startsWith(prefix));
    return lines.map((line) => line.slice(prefix.length));
  }

  /** Resolves to everything the application noted, once that is at least `count` lines. */
  async notes(server: ServerProcess, count: number): Promise<string[]> {
    while (this.notesSoFar(server).length < count) {
      await server.line(
        "stdout",
        new RegExp(`^app ${this.id} `),
        server.stdout.length,
      );
    }
    return this.notesSoFar(server);
  }
}

/** A whole plain response. */
export function answer(body: string = "ok", headers: Pairs = []): Step[] {
  return [["start", 200, headers], ["body", body]];
}
