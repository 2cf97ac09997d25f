/**
 * What a hostile client does on one connection, as data. Everything follows from a seed and the
 * number of the exchange: the same pair gives the same steps in every process and on every runtime,
 * so that a run that left something behind can be repeated one exchange at a time.
 */
import {
  closeFrame,
  closePayload,
  frame,
  handshakeRequest,
  pingFrame,
  pongFrame,
} from "../_support/websocket_frames.ts";
import { bytesOf } from "../_support/raw_client.ts";

/** One thing done to a connection. Times are in milliseconds. */
export type HostileStep =
  /** Hands bytes to the kernel; `flushes` waits, at most that long, until it has taken them. */
  | {
    readonly do: "send";
    readonly bytes: Uint8Array;
    readonly flushes?: number;
  }
  /** Lets the event loop turn, or time pass. */
  | { readonly do: "wait"; readonly ms: number }
  /** Waits, at most that long, until `bytes` of the server's have come in all, or it has ended. */
  | { readonly do: "await"; readonly bytes: number; readonly ms: number }
  /** Stops and restarts reading. */
  | { readonly do: "pause" | "resume" }
  /** FIN, RST, or an ordinary close that waits for nothing. The last two end the exchange. */
  | { readonly do: "halfClose" | "reset" | "vanish" };

/** All that one connection does. */
export interface HostilePlan {
  /** One of {@linkcode HOSTILE_KINDS}. */
  readonly kind: HostileKind;
  /** Whether the steps begin before the connection, or its TLS handshake, stands. */
  readonly isEarly: boolean;
  readonly steps: readonly HostileStep[];
}

/** Where the server has what; all may be the same. */
export interface HostilePaths {
  /** A small answer, whatever the method. */
  readonly small: string;
  /** An answer larger than a socket holds. */
  readonly large: string;
  /** A WebSocket that is accepted. */
  readonly webSocket: string;
}

/** Longest that the waits of one plan take together, in milliseconds. */
export const MAX_PLAN_MS = 300;

/** Pseudo-random numbers that are the same everywhere (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** From 0 up to, but not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** A size from `min` to `max`, small ones as likely as large ones on a logarithmic scale. */
  size(min: number, max: number): number {
    // Not by logarithms: engines disagree about their last digits.
    const span = max - min;
    const magnitude = 2 ** this.int(0, 32 - Math.clz32(span));
    return min + this.int(0, Math.min(span, magnitude - 1));
  }

  /** True in `share` of all cases, 0 to 1. */
  chance(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)]!;
  }

  bytes(size: number): Uint8Array {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = this.int(0, 255);
    return bytes;
  }
}

/** Mixes the number of an exchange into a seed, so that neighbours have nothing in common. */
function seedOf(seed: number, index: number): number {
  return Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^
    Math.imul(index + 1, 0xc2b2ae35);
}

/** Collects the steps of one plan. */
class PlanWriter {
  readonly steps: HostileStep[] = [];
  isEarly = false;
  readonly dice: Dice;
  readonly paths: HostilePaths;
  #waitedMs = 0;

  constructor(dice: Dice, paths: HostilePaths) {
    this.dice = dice;
    this.paths = paths;
  }

  /** `ms`, or what is left of the plan's time. */
  #granted(ms: number): number {
    const granted = Math.min(ms, MAX_PLAN_MS - this.#waitedMs);
    this.#waitedMs += granted;
    return granted;
  }

  send(data: string | Uint8Array): void {
    const bytes = bytesOf(data);
    if (bytes.length > 0) this.steps.push({ do: "send", bytes });
  }

  /** Waits until the kernel has taken what was sent, at most `ms`. */
  flush(ms: number): void {
    const flushes = this.#granted(ms);
    this.steps.push({ do: "send", bytes: new Uint8Array(0), flushes });
  }

  /** Sends in up to `pieces` pieces of random sizes, with or without a pause in between. */
  sendCut(data: string | Uint8Array, pieces: number): void {
    const bytes = bytesOf(data);
    const { dice } = this;
    let at = 0;
    for (
      let left = dice.int(1, pieces);
      left > 1 && at < bytes.length;
      left--
    ) {
      const end = Math.min(
        bytes.length,
        at + 1 + dice.size(0, bytes.length - at),
      );
      this.send(bytes.subarray(at, end));
      at = end;
      if (dice.chance(0.6)) this.wait(dice.pick([0, 0, 1, 3]));
    }
    this.send(bytes.subarray(at));
  }

  wait(ms: number): void {
    this.steps.push({ do: "wait", ms: this.#granted(ms) });
  }

  await(bytes: number, ms: number): void {
    this.steps.push({ do: "await", bytes, ms: this.#granted(ms) });
  }

  do(what: "pause" | "resume" | "halfClose" | "reset" | "vanish"): void {
    this.steps.push({ do: what });
  }

  /** Leaves in one of the ways there are. */
  leave(): void {
    const { dice } = this;
    switch (dice.int(0, 5)) {
      case 0:
        return this.do("reset");
      case 1:
        return this.do("vanish");
      case 2: // FIN, and waits for what comes
        this.do("halfClose");
        return this.await(Infinity, dice.pick([20, 100]));
      case 3: // FIN, and gone
        this.do("halfClose");
        this.wait(0);
        return this.do("vanish");
      case 4: // stalls, then goes
        this.do("pause");
        this.wait(dice.pick([10, 50, 150]));
        return this.do(dice.pick(["reset", "vanish"]));
      default:
        return this.await(Infinity, dice.pick([20, 60, 150]));
    }
  }

  /** A request line and fields, without the empty line. */
  head(method: string, path: string, fields: readonly string[] = []): string {
    const { dice } = this;
    const more: string[] = [];
    for (let i = dice.chance(0.3) ? dice.int(1, 20) : 0; i > 0; i--) {
      more.push(`X-Filler-${i}: ${"f".repeat(dice.size(0, 500))}`);
    }
    return [`${method} ${path} HTTP/1.1`, "Host: hostile", ...fields, ...more]
      .join("\r\n") + "\r\n";
  }

  get(path: string = this.paths.small): string {
    return `${this.head(this.dice.chance(0.1) ? "HEAD" : "GET", path)}\r\n`;
  }
}

/** Chunks of random sizes, the last one included. */
function chunked(dice: Dice, size: number): string {
  let text = "";
  for (let left = size; left > 0;) {
    const part = Math.min(left, 1 + dice.size(0, 20_000));
    const extension = dice.chance(0.1) ? ";name=value" : "";
    text += `${part.toString(16)}${extension}\r\n${"c".repeat(part)}\r\n`;
    left -= part;
  }
  return `${text}0\r\n${dice.chance(0.2) ? "X-Trailer: t\r\n" : ""}\r\n`;
}

/** A frame, right or wrong, as text with one unit per octet would be too long for large ones. */
function anyFrame(dice: Dice): Uint8Array {
  const payload = dice.bytes(dice.size(0, dice.chance(0.1) ? 100_000 : 300));
  const small = payload.subarray(0, 125);
  switch (dice.int(0, 15)) {
    case 0:
    case 1:
    case 2:
      return frame(1, "t".repeat(payload.length));
    case 3:
    case 4:
      return frame(2, payload);
    case 5:
      return pingFrame("p".repeat(dice.int(0, 125)));
    case 6:
      return pongFrame("p".repeat(dice.int(0, 125)));
    case 7: // a message in fragments, perhaps without its end
      return joined([
        frame(2, payload, { fin: false }),
        ...dice.chance(0.5) ? [pingFrame()] : [],
        ...Array.from(
          { length: dice.int(0, 40) },
          () => frame(0, small, { fin: false }),
        ),
        ...dice.chance(0.7) ? [frame(0, small)] : [],
      ]);
    case 8:
      return frame(1, payload); // no UTF-8
    case 9:
      return frame(2, small, { key: undefined });
    case 10:
      return frame(2, small, { rsv: dice.int(1, 7) });
    case 11:
      return frame(dice.int(0, 15), small);
    case 12: // announces more than it brings
      return frame(2, small, {
        announced: dice.pick([126, 65_536, 2 ** 31 - 1]),
      });
    case 13:
      return frame(9, payload, { fin: dice.chance(0.5) });
    case 14:
      return frame(8, closePayload(dice.pick([0, 999, 1005, 1006, 5000])));
    default:
      return dice.bytes(dice.size(1, 200));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((size, part) => size + part.length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate";

/** Heads that a server refuses, or takes in a way of its own. */
const ODD_HEADS: readonly string[] = [
  "GET / HTTP/1.1\r\n\r\n",
  "GET / HTTP/2.0\r\nHost: x\r\n\r\n",
  "GET /\r\n\r\n",
  "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nBad Name: y\r\n\r\n",
  "GET / HTTP/1.1\nHost: x\n\n",
  "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
  "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
];

/** Each kind of exchange, and how it is planned. */
const PLANNERS = {
  /** Many requests in one go, read or not. */
  pipelined(plan: PlanWriter): void {
    const { dice, paths } = plan;
    const count = 1 + dice.size(0, dice.chance(0.1) ? 1000 : 60);
    const path = dice.chance(0.15) ? paths.large : paths.small;
    const parts: string[] = [];
    for (let i = 0; i < count; i++) {
      if (!dice.chance(0.15)) {
        parts.push(plan.get(path));
        continue;
      }
      const size = dice.size(0, 3_000);
      const isChunked = dice.chance(0.5);
      const framing = isChunked
        ? "Transfer-Encoding: chunked"
        : `Content-Length: ${size}`;
      parts.push(
        `${plan.head("POST", paths.small, [framing])}\r\n` +
          (isChunked ? chunked(dice, size) : "b".repeat(size)),
      );
    }
    if (dice.chance(0.25)) plan.do("pause");
    plan.sendCut(parts.join(""), dice.int(1, 12));
    if (dice.chance(0.5)) plan.await(count * 40, 100);
    if (dice.chance(0.5)) plan.do("resume");
  },

  /** A body of a known length, whole, cut short, or with more behind it. */
  postLength(plan: PlanWriter): void {
    const { dice, paths } = plan;
    const size = dice.size(0, dice.chance(0.1) ? 2_000_000 : 60_000);
    const sent = dice.chance(0.4)
      ? size
      : dice.chance(0.5)
      ? dice.int(0, size)
      : size + dice.size(1, 5_000);
    plan.send(
      `${plan.head("POST", paths.small, [`Content-Length: ${size}`])}\r\n`,
    );
    plan.sendCut("b".repeat(sent), 10);
    plan.flush(60);
    if (dice.chance(0.3)) plan.send(plan.get());
  },

  /** A chunked body, whole, cut anywhere, or with a character exchanged. */
  postChunked(plan: PlanWriter): void {
    const { dice, paths } = plan;
    const fields = ["Transfer-Encoding: chunked"];
    let body = chunked(dice, dice.size(0, 80_000));
    if (dice.chance(0.3)) body = body.slice(0, dice.int(0, body.length));
    if (dice.chance(0.2)) {
      const at = dice.int(0, Math.min(body.length, 40));
      body = body.slice(0, at) + dice.pick(["x", "-", "\n", "\r\n", "\0"]) +
        body.slice(at + 1);
    }
    plan.send(`${plan.head("POST", paths.small, fields)}\r\n`);
    plan.sendCut(body, 10);
    plan.flush(60);
  },

  /** Asks before the body, and then sends it, or not, or did not wait for the answer. */
  expectContinue(plan: PlanWriter): void {
    const { dice, paths } = plan;
    const size = dice.size(0, 100_000);
    const fields = [`Content-Length: ${size}`, "Expect: 100-continue"];
    plan.sendCut(`${plan.head("POST", paths.small, fields)}\r\n`, 2);
    if (dice.chance(0.6)) plan.await(25, 60);
    const share = dice.pick([0, 0, 0.5, 1, 1]);
    plan.sendCut("e".repeat(Math.floor(size * share)), 5);
    if (dice.chance(0.3)) plan.send(plan.get());
  },

  /** A handshake that has a body, or announces one. */
  upgradeWithBody(plan: PlanWriter): void {
    const { dice, paths } = plan;
    const size = dice.size(0, 400_000);
    const isChunked = dice.chance(0.4);
    const fields = [
      isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${size}`,
      ...dice.chance(0.4) ? ["Expect: 100-continue"] : [],
      ...dice.chance(0.3) ? [DEFLATE] : [],
    ];
    plan.send(handshakeRequest(paths.webSocket, fields));
    if (dice.chance(0.5)) plan.await(20, 40);
    const body = isChunked ? chunked(dice, size) : "u".repeat(size);
    plan.sendCut(
      body.slice(0, dice.pick([0, body.length >> 1, body.length])),
      6,
    );
    plan.flush(40);
    if (dice.chance(0.5)) plan.send(frame(1, "hello"));
  },

  /** A WebSocket that says anything, right or wrong, and may read nothing of the answers. */
  webSocket(plan: PlanWriter): void {
    const { dice, paths } = plan;
    const fields = dice.chance(0.4) ? [DEFLATE] : [];
    plan.sendCut(handshakeRequest(paths.webSocket, fields), 2);
    if (dice.chance(0.7)) plan.await(20, 60);
    if (dice.chance(0.4)) plan.do("pause");
    for (let i = dice.size(0, 60); i > 0; i--) {
      const wrong = dice.chance(0.1);
      const bytes = wrong ? anyFrame(dice) : frame(
        dice.pick([1, 1, 2]),
        "m".repeat(dice.size(0, 400)),
      );
      if (dice.chance(0.2)) plan.sendCut(bytes, 4);
      else plan.send(bytes);
      if (dice.chance(0.05)) plan.wait(dice.pick([0, 1, 5]));
    }
    if (dice.chance(0.5)) plan.send(closeFrame(dice.pick([1000, 1001, 4000])));
    if (dice.chance(0.3)) plan.send(frame(1, "after the close"));
  },

  /** Nothing but frames that are wrong, and pings in a flood. */
  webSocketNoise(plan: PlanWriter): void {
    const { dice, paths } = plan;
    plan.send(handshakeRequest(paths.webSocket, [DEFLATE]));
    if (dice.chance(0.5)) plan.await(20, 40);
    const count = dice.size(1, 300);
    const parts = dice.chance(0.4)
      ? Array.from({ length: count }, () => pingFrame("flood"))
      : Array.from({ length: Math.min(count, 30) }, () => anyFrame(dice));
    plan.sendCut(joined(parts), 6);
  },

  /** A head that stops anywhere. */
  cutHead(plan: PlanWriter): void {
    const { dice, paths } = plan;
    const whole = dice.chance(0.3)
      ? handshakeRequest(paths.webSocket)
      : plan.get();
    plan.sendCut(whole.slice(0, dice.int(0, whole.length - 1)), 4);
  },

  /** One byte after the other. */
  dribble(plan: PlanWriter): void {
    const { dice } = plan;
    const bytes = bytesOf(plan.get());
    for (let at = 0; at < Math.min(bytes.length, 200); at++) {
      plan.send(bytes.subarray(at, at + 1));
      if (dice.chance(0.3)) plan.wait(dice.pick([0, 0, 1]));
    }
  },

  /** Bytes that are of no protocol. */
  garbage(plan: PlanWriter): void {
    const { dice } = plan;
    const size = dice.size(1, 100_000);
    const bytes = dice.pick([
      () => dice.bytes(size),
      () => "\r\n".repeat(size >> 1),
      () => "A".repeat(size),
      () => "\0".repeat(size),
      () => `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(Math.ceil(size / 6))}`,
      () => `GET /${"x".repeat(size)}`,
      () => Uint8Array.of(0x16, 3, 1, 2, 0, 1, ...dice.bytes(300)),
    ])();
    plan.sendCut(bytes, 8);
  },

  /** Requests that a server refuses. */
  oddHead(plan: PlanWriter): void {
    const { dice } = plan;
    if (dice.chance(0.3)) plan.send(plan.get());
    plan.sendCut(dice.pick(ODD_HEADS), 3);
    if (dice.chance(0.3)) plan.send(plan.get());
  },

  /** Large answers, read late, in part, or never. */
  slowReader(plan: PlanWriter): void {
    const { dice, paths } = plan;
    plan.do("pause");
    for (let i = dice.int(1, 4); i > 0; i--) plan.send(plan.get(paths.large));
    plan.wait(dice.pick([5, 40, 120]));
    for (let i = dice.int(0, 5); i > 0; i--) {
      plan.do("resume");
      plan.wait(dice.pick([0, 1, 5]));
      plan.do("pause");
    }
    if (dice.chance(0.4)) {
      plan.do("resume");
      plan.await(Infinity, 80);
    }
  },

  /** Connects and says nothing. */
  silent(plan: PlanWriter): void {
    const { dice } = plan;
    plan.wait(dice.pick([0, 0, 5, 40]));
  },

  /** Leaves in the middle of the handshake, where there is one. */
  cutHandshake(plan: PlanWriter): void {
    const { dice } = plan;
    plan.isEarly = true;
    for (let i = dice.int(0, 8); i > 0; i--) plan.wait(0);
    if (dice.chance(0.2)) plan.wait(dice.pick([1, 5, 50]));
    plan.do(dice.pick(["reset", "vanish"]));
  },

  /** An ordinary request or two, so that the others do not have the server for themselves. */
  polite(plan: PlanWriter): void {
    const { dice } = plan;
    for (let i = dice.int(1, 3); i > 0; i--) {
      plan.send(plan.get());
      plan.await(1, 100);
    }
  },
} as const;

/** The kinds of exchanges there are. */
export type HostileKind = keyof typeof PLANNERS;

/** See {@linkcode HostileKind}. */
export const HOSTILE_KINDS: readonly HostileKind[] = Object.keys(
  PLANNERS,
) as HostileKind[];

/** Puts an end, a stall or a cut where nobody expects it. */
function sabotage(plan: PlanWriter): void {
  const { dice, steps } = plan;
  const at = dice.int(0, steps.length);
  const what = dice.pick(["halfClose", "reset", "vanish", "pause"] as const);
  const isLast = what === "reset" || what === "vanish";
  steps.splice(at, isLast ? steps.length - at : 0, { do: what });
}

/**
 * What the exchange `index` of a run does.
 *
 * @param index From 0; independent of how many run at a time.
 */
export function planExchange(
  seed: number,
  index: number,
  paths: HostilePaths,
): HostilePlan {
  const dice = new Dice(seedOf(seed, index));
  const kind = dice.pick(HOSTILE_KINDS);
  const plan = new PlanWriter(dice, paths);
  PLANNERS[kind](plan);
  // Until the server has begun to answer, or for a moment that ends anywhere.
  if (dice.chance(0.5)) plan.await(1, 100);
  else if (dice.chance(0.6)) plan.wait(dice.pick([0, 1, 2, 5, 15, 40]));
  plan.leave();
  if (dice.chance(0.3)) sabotage(plan);
  return { kind, isEarly: plan.isEarly, steps: plan.steps };
}
