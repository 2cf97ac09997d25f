/** The traces that the options of a server ask for. */
import type { Options } from "../config/options/mod.ts";
import type { ServerObserver } from "../connection/tracking/server_observer.ts";
import type { Logger } from "../logging/logger.ts";
import { runtime } from "../runtime/mod.ts";
import type { CallTracer } from "./call_trace.ts";
import { CallTraces } from "./call_traces.ts";

/** What follows the calls of one server, and its connections. */
export interface OpenTraces {
  readonly calls: CallTraces;
  /** To be told what happens: the calls, and who else hears of something. */
  readonly observers: readonly ServerObserver[];
}

/**
 * Loads what the options ask for.
 *
 * @throws ConfigError in one line if a package is missing.
 */
export async function openTraces(
  options: Options,
  logger: Logger,
): Promise<OpenTraces> {
  const tracers: CallTracer[] = [];
  const observers: ServerObserver[] = [];
  if (options.otel) {
    const { openOtel } = await import("./otel/open_otel.ts");
    tracers.push(await openOtel(options, logger));
  }
  // Inside of the other: its subscribers may look at the span that is active.
  if (options.tracingChannels) {
    const channel = (name: string) =>
      runtime.openTracingChannel(`tricorn:${name}`);
    const { ChannelTracer } = await import("./channel_tracer.ts");
    tracers.push(
      new ChannelTracer(await channel("request"), await channel("websocket")),
    );
    const { ConnectionChannel } = await import("./connection_channel.ts");
    observers.push(new ConnectionChannel(await channel("connection")));
  }
  const calls = new CallTraces(tracers, logger);
  return { calls, observers: [calls, ...observers] };
}
