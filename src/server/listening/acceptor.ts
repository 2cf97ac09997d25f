/** Accepts connections of one server, from the bound addresses to the last one in the queue. */
import type { Options } from "../../config/options/mod.ts";
import type { ServerContext } from "../../connection/context.ts";
import { runtime } from "../../runtime/mod.ts";
import type { ListenOptions, TlsContext } from "../../runtime/types.ts";
import { admissionLimits } from "../settings.ts";
import type { StartTimer } from "../timers.ts";
import { AcceptDrain } from "./accept_drain.ts";
import { Admission } from "./admission.ts";
import { type Binding, Listeners } from "./listeners.ts";

/** For TLS handshakes that have begun before the listeners were closed, in milliseconds. */
const LAST_HANDSHAKES_MS = 500;

/** One server's. */
export class Acceptor {
  readonly #context: ServerContext;
  readonly #options: Options;
  readonly #tls: TlsContext | undefined;
  readonly #drain = new AcceptDrain(runtime);
  readonly #startTimer: StartTimer;
  #listeners: Listeners | undefined;

  /** @param tls What is spoken on its connections; `undefined` is plain HTTP. */
  constructor(
    context: ServerContext,
    options: Options,
    tls: TlsContext | undefined,
    startTimer: StartTimer,
  ) {
    this.#context = context;
    this.#options = options;
    this.#tls = tls;
    this.#startTimer = startTimer;
  }

  /**
   * Binds all addresses, then accepts.
   *
   * @throws ListenError for the first that cannot be had; then none is bound.
   */
  async open(
    bindings: readonly Binding[],
    listenOptions: ListenOptions,
  ): Promise<Listeners> {
    const { tracker } = this.#context;
    const admission = new Admission(
      this.#context,
      admissionLimits(this.#options, runtime.descriptorLimit()),
    );
    const beforeHandshake = this.#drain.watchHandshakes(
      (pending) => admission.beforeHandshake(pending),
      () => tracker.onProgress(),
    );
    const { proxyProtocol, forwardedAllowIps } = this.#options;
    if (proxyProtocol) {
      const { proxyRules } = await import("./proxy_rules.ts");
      admission.demandProxyHeaders(
        proxyRules(forwardedAllowIps, { tls: this.#tls, beforeHandshake }),
      );
    }
    return this.#listeners = await Listeners.open(
      bindings,
      listenOptions.tls === undefined
        ? listenOptions
        : { ...listenOptions, beforeHandshake },
      this.#drain.watch((socket) => admission.admit(socket)),
    );
  }

  /** What it accepts from; `undefined` before and after. */
  get listeners(): Listeners | undefined {
    return this.#listeners;
  }

  /** TLS handshakes that have not ended: their connections are not open yet. */
  get handshakes(): number {
    return this.#drain.handshakes;
  }

  /**
   * Closes the listeners in a lull, so that no connection in their queues is reset.
   *
   * @param onClosed Called when nobody can connect any more, before the last ones are read.
   */
  async close(onClosed: () => void): Promise<void> {
    const listeners = this.#listeners!;
    await this.#drain.end(() => listeners.close(), onClosed);
    this.#listeners = undefined;
  }

  /** Drops TLS handshakes that have not ended half a second from now. */
  limitHandshakes(): () => void {
    const drop = () => this.#drain.dropHandshakes();
    const stopTimer = this.#startTimer(LAST_HANDSHAKES_MS, drop);
    return () => {
      stopTimer();
      drop();
    };
  }
}
