/** Reports of one process to a StatsD server: opened, sent each second, and closed. */
import type { Options } from "../config/options/mod.ts";
import type { Logging } from "../logging/logging.ts";
import { Statsd, STATSD_MS } from "../metrics/statsd.ts";
import { runtime } from "../runtime/mod.ts";
import { hostOfPair } from "../text/host_port.ts";
import type { DatagramSender, DatagramTarget } from "../runtime/types.ts";

/** Least time between two lines about a receiver that is not there, in milliseconds. */
const QUIET_MS = 60_000;

/** One process's. */
export class StatsdReports {
  /** What is told of requests. */
  readonly statsd: Statsd;
  readonly #sender: DatagramSender;
  readonly #logging: Pick<Logging, "observe">;
  readonly #gauges: () => Readonly<Record<string, number>>;
  readonly #stop: () => void;

  private constructor(
    statsd: Statsd,
    sender: DatagramSender,
    logging: Pick<Logging, "observe">,
    gauges: () => Readonly<Record<string, number>>,
  ) {
    this.statsd = statsd;
    this.#sender = sender;
    this.#logging = logging;
    logging.observe(statsd.onMessage);
    this.#gauges = gauges;
    this.#stop = runtime.every(STATSD_MS, () => statsd.flush(gauges()));
  }

  /**
   * Opens what the option `statsdHost` asks for.
   *
   * @param logging Its messages are counted.
   * @param gauges Told with each report.
   * @throws ConfigError if this runtime cannot reach it.
   */
  static async open(
    { statsdHost, statsdPrefix, statsdTags }: Options,
    logging: Pick<Logging, "server" | "observe">,
    gauges: () => Readonly<Record<string, number>>,
  ): Promise<StatsdReports> {
    let loggedAtMs = -Infinity;
    const sender = await runtime.openDatagrams(
      targetOf(statsdHost!),
      (problem) => {
        const nowMs = runtime.monotonicMs();
        if (nowMs - loggedAtMs < QUIET_MS) return;
        loggedAtMs = nowMs;
        logging.server.warning(
          `Cannot tell StatsD at ${statsdHost}: ${problem}`,
        );
      },
    );
    const statsd = new Statsd(
      { prefix: statsdPrefix, tags: statsdTags },
      (datagram) => sender.send(datagram),
    );
    return new StatsdReports(statsd, sender, logging, gauges);
  }

  /** Sends the last report. */
  close(): void {
    this.#stop();
    this.#logging.observe(undefined);
    this.statsd.flush(this.#gauges());
    // What is sent is on its way when the turn is over.
    runtime.afterTurn(() => this.#sender.close());
  }
}

function targetOf(text: string): DatagramTarget {
  if (text.startsWith("unix:")) {
    return { kind: "unix", path: text.slice("unix:".length) };
  }
  const port = Number(text.slice(text.lastIndexOf(":") + 1));
  return { kind: "udp", host: hostOfPair(text), port };
}
