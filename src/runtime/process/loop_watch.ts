/**
 * A thread that watches the event loop of the main one, and says so while that stands still. Both
 * share memory: the main thread cannot be asked for anything then, not even to write.
 */
import type { LoopReport, LoopWatch, LoopWatchOptions } from "../types.ts";
import { bun } from "../_bun_types.ts";
import { deno } from "../_deno_types.ts";
import { builtins } from "./builtins.ts";
import { host } from "./host.ts";

/** Notes about work in progress that there is room for, and the bytes of each. */
const NOTES = 64;
const NOTE_BYTES = 256;
/** Before the text of each note: when it began, in milliseconds since 1970, and its length. */
const NOTE_HEAD = 16;
/** Where the notes begin, behind the count of beats. */
const FIRST_NOTE = 8;

/** What the thread is started with. */
interface ThreadData {
  readonly memory: SharedArrayBuffer;
  readonly limitMs: number;
  readonly beatMs: number;
  readonly isJson: boolean;
  readonly pid: number;
  /** Whether the stack of the main thread can be had. */
  readonly hasStacks: boolean;
}

/** Starts the thread. It keeps no process alive, and ends with `close()`. */
export function watchLoop(
  { limitMs, isJson, onMoved }: LoopWatchOptions,
): LoopWatch {
  const beatMs = Math.min(250, Math.max(20, limitMs / 4));
  const memory = new SharedArrayBuffer(FIRST_NOTE + NOTES * NOTE_BYTES);
  const beats = new Int32Array(memory);
  const bytes = new Uint8Array(memory);
  const times = new Float64Array(memory);
  const free = Array.from({ length: NOTES }, (_, at) => NOTES - 1 - at);
  const data: ThreadData = {
    memory,
    limitMs,
    beatMs,
    isJson,
    pid: host.pid,
    hasStacks: deno === undefined && bun === undefined,
  };
  // As text: a file of its own would have to be found beside this one in every kind of package.
  const worker = new builtins.workerThreads.Worker(`(${thread})(require)`, {
    eval: true,
    workerData: data,
  });
  worker.unref();
  worker.on("message", (report: LoopReport) => onMoved(report));
  worker.on("error", () => {});
  const timer = setInterval(() => Atomics.add(beats, 0, 1), beatMs);
  timer.unref();
  return {
    begin(text) {
      const at = free.pop();
      if (at === undefined) return -1;
      const start = FIRST_NOTE + at * NOTE_BYTES;
      const length = Math.min(text.length, NOTE_BYTES - NOTE_HEAD);
      for (let i = 0; i < length; i++) {
        bytes[start + NOTE_HEAD + i] = text.charCodeAt(i);
      }
      times[start / 8] = Date.now();
      Atomics.store(beats, start / 4 + 2, length);
      return at;
    },
    end(at) {
      if (at < 0) return;
      Atomics.store(beats, (FIRST_NOTE + at * NOTE_BYTES) / 4 + 2, 0);
      free.push(at);
    },
    close() {
      clearInterval(timer);
      void worker.terminate();
    },
  };
}

/** What the inspector says of one call on the stack. */
interface CallFrame {
  readonly functionName: string;
  readonly location: {
    readonly scriptId: string;
    readonly lineNumber: number;
    readonly columnNumber?: number;
  };
}

/** The part of `inspector.Session` that is used. */
interface InspectorSession {
  connectToMainThread(): void;
  on(
    event: string,
    listener: (message: {
      readonly params: {
        readonly scriptId: string;
        readonly url: string;
        readonly callFrames: readonly CallFrame[];
      };
    }) => void,
  ): void;
  post(method: string): void;
  disconnect(): void;
}

/** The part of the runtime's modules that is used. */
interface ThreadModules {
  (name: "node:worker_threads"): {
    readonly workerData: ThreadData;
    readonly parentPort: { postMessage(report: LoopReport): void };
  };
  (name: "node:fs"): { writeSync(fd: number, text: string): number };
  (name: "node:inspector"): { readonly Session: new () => InspectorSession };
}

/** What the thread runs. Knows nothing of what surrounds it here: only its text gets there. */
function thread(require: ThreadModules): void {
  const { workerData, parentPort } = require("node:worker_threads");
  const { writeSync } = require("node:fs");
  const { memory, limitMs, beatMs, isJson, pid, hasStacks } = workerData;
  const ints = new Int32Array(memory);
  const bytes = new Uint8Array(memory);
  const times = new Float64Array(memory);
  /** The same as outside. */
  const [firstNote, noteBytes, noteHead] = [8, 256, 16];
  /** For the stack, in milliseconds. */
  const stackMs = 5000;
  let seen = -1;
  let silentMs = 0;
  let lookedAtMs = Date.now();
  let report: { work: string; stack: string } | undefined;

  /** What is in progress, the oldest first. */
  const work = (): string => {
    const now = Date.now();
    const notes: { readonly text: string; readonly ms: number }[] = [];
    for (let at = firstNote; at < bytes.length; at += noteBytes) {
      const length = Atomics.load(ints, at / 4 + 2);
      if (length === 0) continue;
      let text = "";
      for (const byte of bytes.slice(at + noteHead, at + noteHead + length)) {
        text += byte >= 0x20 && byte < 0x7f
          ? String.fromCharCode(byte)
          : `\\x${byte.toString(16).padStart(2, "0")}`;
      }
      notes.push({ text, ms: now - times[at / 8]! });
    }
    notes.sort((one, other) => other.ms - one.ms);
    const shown = notes.map(({ text, ms }) =>
      `${text} (${(ms / 1000).toFixed(1)} s)`
    );
    return shown.length === 0 ? "no request" : shown.join(", ");
  };

  /** Stops the main thread for a moment, to see where it is. */
  const findStack = (then: (stack: string) => void): void => {
    let session: InspectorSession | undefined;
    const finish = (stack: string): void => {
      clearTimeout(timer);
      if (session === undefined) return;
      // Lets the main thread go on.
      session.disconnect();
      session = undefined;
      then(stack);
    };
    // In native code, such as a query that blocks, the main thread does not stop.
    const timer = setTimeout(() => finish(""), stackMs);
    try {
      const { Session } = require("node:inspector");
      const urls = new Map<string, string>();
      const opened = session = new Session();
      opened.connectToMainThread();
      opened.on("Debugger.scriptParsed", ({ params }) => {
        urls.set(params.scriptId, params.url);
      });
      opened.on("Debugger.paused", ({ params }) => {
        const lines = params.callFrames.slice(0, 20).map(
          ({ functionName, location }) => {
            const url = urls.get(location.scriptId) ?? "";
            return `\n    at ${functionName || "<anonymous>"} (${url}:${
              location.lineNumber + 1
            }:${(location.columnNumber ?? 0) + 1})`;
          },
        );
        finish(lines.join(""));
      });
      opened.post("Debugger.enable");
      opened.post("Debugger.pause");
    } catch {
      session ??= { disconnect() {} } as InspectorSession;
      finish("");
    }
  };

  const write = (message: string, stack: string): void => {
    const line = isJson
      ? JSON.stringify({
        time: new Date().toISOString(),
        level: "warning",
        logger: "tricorn",
        message,
        ...stack === "" ? {} : { stack: stack.slice(1) },
      })
      : `WARNING:  ${message}${stack}`;
    try {
      writeSync(2, `${line}\n`);
    } catch {
      // Nobody reads.
    }
  };

  const look = (): void => {
    const now = Date.now();
    const beat = Atomics.load(ints, 0);
    // This thread may have been stopped together with the main one.
    const ms = Math.min(now - lookedAtMs, 2 * beatMs);
    lookedAtMs = now;
    if (beat !== seen) {
      seen = beat;
      const told = report;
      report = undefined;
      if (told !== undefined) {
        parentPort.postMessage({ seconds: silentMs / 1000, ...told });
      }
      silentMs = 0;
      return;
    }
    silentMs += ms;
    if (silentMs < limitMs || report !== undefined) return;
    const opened = report = { work: work(), stack: "" };
    const message = `The event loop of process [${pid}] has stood still for ${
      (silentMs / 1000).toFixed(1)
    } seconds. Running: ${opened.work}`;
    write(message, "");
    if (!hasStacks) return;
    findStack((stack) => {
      opened.stack = stack;
      if (stack !== "") write(`Process [${pid}] stands still here:`, stack);
    });
  };
  setInterval(look, beatMs);
}
