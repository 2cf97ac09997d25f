/** Tracing channels of `node:diagnostics_channel`. */
import { type Channel, tracingChannel } from "node:diagnostics_channel";
import type { TracedChannel, TracingChannel } from "../types.ts";

/** The tracing channel `name` of this process. */
export function openTracingChannel(name: string): TracingChannel {
  return new OpenTracingChannel(name);
}

/** `tracingChannel()` returns an object without `hasSubscribers` on Bun 1.4. */
class OpenTracingChannel implements TracingChannel {
  readonly start: Channel & TracedChannel<object>;
  readonly end: Channel & TracedChannel<object>;
  readonly asyncStart: Channel & TracedChannel<object>;
  readonly asyncEnd: Channel & TracedChannel<object>;
  readonly error: Channel & TracedChannel<object>;

  constructor(name: string) {
    const channel = tracingChannel(name);
    this.start = channel.start as OpenTracingChannel["start"];
    this.end = channel.end as OpenTracingChannel["end"];
    this.asyncStart = channel.asyncStart as OpenTracingChannel["asyncStart"];
    this.asyncEnd = channel.asyncEnd as OpenTracingChannel["asyncEnd"];
    this.error = channel.error as OpenTracingChannel["error"];
  }

  get hasSubscribers(): boolean {
    return this.start.hasSubscribers || this.asyncEnd.hasSubscribers ||
      this.asyncStart.hasSubscribers || this.error.hasSubscribers ||
      this.end.hasSubscribers;
  }
}
