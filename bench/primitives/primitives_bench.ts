/**
 * What the runtimes charge for the things that a request is made of, in nanoseconds: the figures
 * behind the rules for the hot path. Runs on each runtime; `bench/run.mjs --scenario primitives`
 * prints the three columns.
 *
 * Each primitive runs in batches that grow until one takes `BATCH_MS`; the best of `REPEATS`
 * batches counts, because whatever else the machine does only ever adds. Results go into `sink`,
 * so that no compiler may drop the work. Trust factors, not percentages.
 */
import { Buffer } from "node:buffer";
import { performance } from "node:perf_hooks";
import process from "node:process";

const BATCH_MS = 10;
const REPEATS = 7;

/** Keeps results alive. */
let sink: unknown;

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length:13";
const HEAD_BYTES = encoder.encode(HEAD);
const OUT = new Uint8Array(4096);
/** Not in the public types; present on all three runtimes. */
interface WithLatin1 {
  latin1Slice(start: number, end: number): string;
}

const BUFFER = Buffer.from(
  "GET /a/path?and=query HTTP/1.1\r\nhost: www.example.com\r\naccept-encoding: gzip, deflate\r\n" +
    "user-agent: something\r\n\r\n",
  "latin1",
) as Buffer & WithLatin1;
const KNOWN_NAME = "accept-encoding";
const NAME_START = BUFFER.indexOf(KNOWN_NAME, 0, "latin1");
const NAME_END = NAME_START + KNOWN_NAME.length;
const KNOWN_BYTES = encoder.encode(KNOWN_NAME);
const FAULTS = {
  BAD_CHUNK_SIZE: { status: 400, message: "Cannot read chunk size" },
  HEAD_TOO_LARGE: { status: 431, message: "Cannot read request head" },
};
const CODES = ["BAD_CHUNK_SIZE", "HEAD_TOO_LARGE"] as const;
const RESOLVED = Promise.resolve();

/** Runs the primitive `times` times. */
type Batch = (times: number) => void | Promise<void>;

function writeLatin1(text: string, into: Uint8Array): number {
  for (let i = 0; i < text.length; i++) into[i] = text.charCodeAt(i);
  return text.length;
}

async function nothing(): Promise<void> {}

class WithFields {
  plain = 0;
  #hidden = 0;

  addPlain(value: number): void {
    this.plain = (this.plain + value) | 0;
  }

  addHidden(value: number): void {
    this.#hidden = (this.#hidden + value) | 0;
  }

  get total(): number {
    return this.plain + this.#hidden;
  }
}

const fields = new WithFields();
let state: "head" | "body" | "done" = "head";
let stateNumber = 0;

const PRIMITIVES: Readonly<Record<string, Batch>> = {
  "TextEncoder.encode, 60 bytes": (times) => {
    for (let i = 0; i < times; i++) sink = encoder.encode(HEAD);
  },
  "encodeInto a reused buffer, 60 bytes": (times) => {
    for (let i = 0; i < times; i++) sink = encoder.encodeInto(HEAD, OUT);
  },
  "string concat + encodeInto, 60 bytes": (times) => {
    for (let i = 0; i < times; i++) {
      sink = encoder.encodeInto(
        "content-type: text/plain\r\ncontent-length: " + i + "\r\n\r\n",
        OUT,
      );
    }
  },
  "charCode loop write, 60 bytes": (times) => {
    for (let i = 0; i < times; i++) sink = writeLatin1(HEAD, OUT);
  },
  "charCode loop write, 15 bytes": (times) => {
    for (let i = 0; i < times; i++) sink = writeLatin1(KNOWN_NAME, OUT);
  },
  "latin1Write, 60 bytes": (times) => {
    const out = Buffer.from(OUT.buffer);
    for (let i = 0; i < times; i++) sink = out.write(HEAD, 0, "latin1");
  },
  "copy of prebuilt bytes, 60 bytes": (times) => {
    for (let i = 0; i < times; i++) OUT.set(HEAD_BYTES, i & 1023);
  },
  "copy of prebuilt bytes by loop, 60 bytes": (times) => {
    for (let i = 0; i < times; i++) {
      const at = i & 1023;
      for (let j = 0; j < HEAD_BYTES.length; j++) OUT[at + j] = HEAD_BYTES[j];
    }
  },
  "subarray": (times) => {
    for (let i = 0; i < times; i++) sink = OUT.subarray(i & 7, 100);
  },
  "slice, 100 bytes": (times) => {
    for (let i = 0; i < times; i++) sink = OUT.slice(i & 7, 100);
  },
  "latin1Slice, 15 bytes": (times) => {
    for (let i = 0; i < times; i++) {
      sink = BUFFER.latin1Slice(NAME_START, NAME_END);
    }
  },
  "latin1Slice, 110 bytes": (times) => {
    for (let i = 0; i < times; i++) sink = BUFFER.latin1Slice(0, 110);
  },
  "TextDecoder latin1, 15 bytes": (times) => {
    for (let i = 0; i < times; i++) {
      sink = decoder.decode(BUFFER.subarray(NAME_START, NAME_END));
    }
  },
  "known name compared, 15 bytes": (times) => {
    for (let i = 0; i < times; i++) {
      let name: string | undefined = KNOWN_NAME;
      for (let j = 0; j < KNOWN_BYTES.length; j++) {
        if (BUFFER[NAME_START + j] !== KNOWN_BYTES[j]) {
          name = undefined;
          break;
        }
      }
      sink = name;
    }
  },
  "new Error": (times) => {
    for (let i = 0; i < times; i++) sink = new Error("Cannot read chunk size");
  },
  "a record from a table": (times) => {
    for (let i = 0; i < times; i++) sink = FAULTS[CODES[i & 1]];
  },
  "await an async function": async (times) => {
    for (let i = 0; i < times; i++) await nothing();
  },
  "await a shared resolved promise": async (times) => {
    for (let i = 0; i < times; i++) await RESOLVED;
  },
  "await new Promise": async (times) => {
    for (let i = 0; i < times; i++) {
      await new Promise<void>((resolve) => resolve());
    }
  },
  "Promise.resolve(object)": (times) => {
    for (let i = 0; i < times; i++) sink = Promise.resolve(FAULTS);
  },
  "two closures": (times) => {
    for (let i = 0; i < times; i++) sink = [() => i, (n: number) => n + i];
  },
  "queueMicrotask": (times) => {
    return new Promise<void>((resolve) => {
      let left = times;
      const next = () => {
        if (--left > 0) queueMicrotask(next);
        else resolve();
      };
      queueMicrotask(next);
    });
  },
  "setImmediate": (times) => {
    return new Promise<void>((resolve) => {
      let left = times;
      const next = () => {
        if (--left > 0) setImmediate(next);
        else resolve();
      };
      setImmediate(next);
    });
  },
  "string state": (times) => {
    for (let i = 0; i < times; i++) {
      state = state === "head" ? "body" : state === "body" ? "done" : "head";
    }
    sink = state;
  },
  "integer state": (times) => {
    for (let i = 0; i < times; i++) {
      stateNumber = stateNumber === 0 ? 1 : stateNumber === 1 ? 2 : 0;
    }
    sink = stateNumber;
  },
  "plain field": (times) => {
    for (let i = 0; i < times; i++) fields.addPlain(i);
    sink = fields.total;
  },
  "#field": (times) => {
    for (let i = 0; i < times; i++) fields.addHidden(i);
    sink = fields.total;
  },
  "performance.now": (times) => {
    for (let i = 0; i < times; i++) sink = performance.now();
  },
};

/** Best nanoseconds per run of `batch`. */
async function measure(batch: Batch): Promise<number> {
  let times = 64;
  let ms = 0;
  for (;;) {
    const startMs = performance.now();
    await batch(times);
    ms = performance.now() - startMs;
    if (ms >= BATCH_MS) break;
    times *= ms < BATCH_MS / 8 ? 4 : 2;
  }
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const startMs = performance.now();
    await batch(times);
    best = Math.min(best, performance.now() - startMs);
  }
  return best * 1e6 / times;
}

async function main(): Promise<void> {
  const rows: Record<string, number> = {};
  for (const [name, batch] of Object.entries(PRIMITIVES)) {
    rows[name] = await measure(batch);
  }
  process.stdout.write(`${JSON.stringify({ unit: "ns", rows })}\n`);
  if (sink === main) throw new Error("Unreachable: keeps the sink alive");
}

await main();
