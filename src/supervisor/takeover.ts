/**
 * The new side of an upgrade: a parent that another one has started, to take over its listening
 * sockets. Until it says that it is ready, the other one serves; then that one lets go and drains,
 * and tells what it counts meanwhile. A version that knows nothing of counts hands over without.
 */
import { ConfigError } from "../errors.ts";
import type { ToldMetrics } from "../metrics/totals.ts";
import { describeTarget, runtime } from "../runtime/mod.ts";
import type {
  Address,
  HeldSocket,
  ListenOptions,
  ListenTarget,
  ParentLink,
  Runtime,
} from "../runtime/types.ts";

/** One socket that is handed over. */
export interface HandedSocket {
  /** As its operator had named it; plain data. */
  readonly target: ListenTarget;
  readonly address: Address;
  /** Its descriptor in the new process. */
  readonly fd: number;
}

/** The first message to a new parent. */
export interface TakeOverMessage {
  readonly kind: "takeOver";
  readonly sockets: readonly HandedSocket[];
}

/** What a new parent says, once: it is ready to serve. */
export interface UpgradedMessage {
  readonly kind: "upgraded";
  /** Whether it goes on counting where the old one is. Default: false. */
  readonly goesOnCounting?: boolean;
}

/** The answer: everything is the new parent's. */
export interface HandedOverMessage {
  readonly kind: "handedOver";
  /** What was counted until now; absent if no more is told. */
  readonly counted?: ToldMetrics;
}

/** From an old parent that drains: what was counted until now. */
export interface CountedMessage {
  readonly kind: "counted";
  readonly counted: ToldMetrics;
  /** Whether it is about to exit, and waits for `countedKept`. */
  readonly isLast: boolean;
}

/** From a new parent: it has the last counts. */
export interface CountedKeptMessage {
  readonly kind: "countedKept";
}

/** Who goes on counting where another parent is, such as `ParentMetrics`. */
export interface Heir {
  /** `from` has counted so much by now. */
  inherit(from: object, told: ToldMetrics): void;
  /** `from` is gone. */
  inheritAll(from: object): void;
}

/** Whether `data` is a message of this kind. */
export function isKind<K extends string>(
  data: unknown,
  kind: K,
): data is { readonly kind: K } {
  return (data as { readonly kind?: unknown } | null)?.kind === kind;
}

/** What is taken over, and from whom. */
export class Takeover {
  readonly #link: ParentLink;
  /** Those that are not in use again. */
  readonly #sockets: HandedSocket[];
  readonly #host: Pick<Runtime, "adoptUnixPath" | "holdSocket">;
  readonly #paths: { readonly path: string; remove: () => void }[] = [];
  readonly #drained = Promise.withResolvers<void>();
  #isLost = false;

  constructor(
    link: ParentLink,
    { sockets }: TakeOverMessage,
    host: Pick<Runtime, "adoptUnixPath" | "holdSocket"> = runtime,
  ) {
    this.#link = link;
    this.#sockets = [...sockets];
    this.#host = host;
    link.onLost = () => this.#isLost = true;
  }

  /** Whether the old parent is gone without having handed over. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** As `Runtime.holdSocket`, from what was handed over, if that has the address. */
  holdSocket(
    target: ListenTarget,
    options: ListenOptions,
  ): Promise<HeldSocket> {
    const at = this.#sockets.findIndex((one) => isSame(one, target));
    if (at < 0) return this.#host.holdSocket(target, options);
    const [handed] = this.#sockets.splice(at, 1);
    return this.#hold(handed!, options);
  }

  async #hold(
    { target, address, fd }: HandedSocket,
    options: ListenOptions,
  ): Promise<HeldSocket> {
    const given = { kind: "fd", fd, shared: address } as const;
    const held = await this.#host.holdSocket(given, options);
    // The path of an inherited socket is that of whoever has bound it.
    if (target.kind !== "unix" || address.kind !== "unix") return held;
    // The path stays the other one's until it is handed over.
    const place = { path: address.path, remove: () => {} };
    this.#paths.push(place);
    return {
      address,
      descriptor: held.descriptor,
      async close() {
        place.remove();
        await held.close();
      },
    };
  }

  /** Resolves when the old parent has told all that it has counted, or nothing more is to be heard. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  /** Hears the old parent no more. Idempotent. */
  close(): void {
    this.#link.close();
    this.#drained.resolve();
  }

  /**
   * To be called when all addresses are held.
   *
   * @throws ConfigError if a socket is not used: it could not be closed here, and whoever connected to
   * it would wait for ever.
   */
  checkUsed(): void {
    const [unused] = this.#sockets;
    if (unused === undefined) return;
    throw new ConfigError(
      `Cannot take over: the configuration does not listen on ${
        describeTarget(unused.target)
      } any more, which takes a restart`,
      3,
    );
  }

  /**
   * Says that this parent is ready, and resolves when all is its own.
   *
   * @param heir Told what the old parent has counted, from then on until that one is gone.
   */
  async complete(heir?: Heir): Promise<void> {
    const handed = Promise.withResolvers<HandedOverMessage | undefined>();
    this.#link.onMessage = (data) => {
      if (isKind(data, "handedOver")) handed.resolve(data);
    };
    // Gone in this moment: nobody else serves.
    this.#link.onLost = () => handed.resolve(undefined);
    if (this.#isLost) handed.resolve(undefined);
    this.#link.send(
      {
        kind: "upgraded",
        goesOnCounting: heir !== undefined,
      } satisfies UpgradedMessage,
    );
    const counted = (await handed.promise)?.counted;
    if (heir === undefined || counted === undefined) this.close();
    else this.#follow(heir, counted);
    for (const place of this.#paths) {
      try {
        place.remove = await this.#host.adoptUnixPath(place.path);
      } catch {
        // It was removed by somebody: clients connect to it no more, and nothing is left to remove.
      }
    }
  }

  /** Hears what the old parent counts until it is gone. */
  #follow(heir: Heir, counted: ToldMetrics): void {
    heir.inherit(this, counted);
    this.#link.onMessage = (data) => {
      if (!isKind(data, "counted")) return;
      const { counted, isLast } = data as CountedMessage;
      heir.inherit(this, counted);
      if (!isLast) return;
      heir.inheritAll(this);
      this.#link.send({ kind: "countedKept" } satisfies CountedKeptMessage);
      this.#drained.resolve();
    };
    this.#link.onLost = () => {
      heir.inheritAll(this);
      this.close();
    };
  }
}

/** Whether a socket is the one for `target`, whose port may be one that the kernel had chosen. */
function isSame(
  { target: handed, address }: HandedSocket,
  target: ListenTarget,
): boolean {
  if (handed.kind === "tcp" && target.kind === "tcp") {
    const ports = [handed.port, address.kind === "tcp" ? address.port : 0];
    return handed.host === target.host && ports.includes(target.port);
  }
  if (handed.kind === "unix" && target.kind === "unix") {
    return handed.path === target.path;
  }
  return handed.kind === "fd" && target.kind === "fd" &&
    handed.fd === target.fd;
}
