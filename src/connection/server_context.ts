/** Makes what all connections of one server share: the same for servers, tests and benchmarks. */
import type { AsgiApp, SignalExtension, State, Topics } from "../asgi.ts";
import type { Logger } from "../logging/logger.ts";
import { oneTimeWarnings } from "../logging/one_time_warnings.ts";
import type { Runtime } from "../runtime/types.ts";
import { KEY_SUFFIX } from "../websocket/handshake.ts";
import type { HttpSettings, ServerContext } from "./context.ts";
import { ResponseNotes } from "./exchange/response_notes.ts";
import { ServerAddresses } from "./scope/connection_info.ts";
import {
  type DefaultHeaderOptions,
  DefaultHeaders,
} from "./output/default_headers.ts";
import { WriterPool } from "./output/output_buffer.ts";
import { Deadlines, type TickSource } from "./tracking/deadlines.ts";
import type { Tracker } from "./tracking/tracker.ts";

/** What connections need of the place they run in. */
export type ConnectionPlatform = Pick<
  Runtime,
  | "afterTurn"
  | "allocate"
  | "atTurnEnd"
  | "coarseMs"
  | "createDeflater"
  | "createInflater"
  | "every"
  | "monotonicMs"
  | "openFile"
  | "sha1"
>;

/** What a context measures time by. */
type ContextClock = TickSource & Pick<ConnectionPlatform, "coarseMs">;

/** What differs from server to server. */
export interface ContextParts {
  readonly app: AsgiApp;
  readonly settings: HttpSettings;
  readonly headers: DefaultHeaderOptions;
  /** Milliseconds since 1970 (UTC), for the date header. */
  readonly epochMs: () => number;
  readonly logger: Logger;
  readonly tracker: Tracker;
  /** What lifespan startup left. */
  readonly state: State;
  readonly drainSignal: SignalExtension;
  readonly topics: Topics;
  /** `undefined` on a server without TLS. */
  readonly tlsExtension: ServerContext["tlsExtension"];
  /** `undefined` if the application takes no connections over. */
  readonly newRawUpgrade?: ServerContext["newRawUpgrade"];
}

/**
 * Shares nothing with other contexts.
 *
 * @param clock What timeouts and durations are measured by.
 */
export function createServerContext(
  parts: ContextParts,
  platform: ConnectionPlatform,
  clock: ContextClock = platform,
): ServerContext {
  const { app, settings, logger, tracker, state, drainSignal } = parts;
  const defaults = new DefaultHeaders(parts.headers);
  return {
    app,
    newRawUpgrade: parts.newRawUpgrade,
    settings,
    logger,
    warnOnce: oneTimeWarnings(logger),
    tracker,
    newResponseNotes: () =>
      tracker.observers.needs === undefined
        ? undefined
        : new ResponseNotes(tracker.observers.needs, clock.monotonicMs),
    defaults,
    deadlines: new Deadlines(
      clock,
      () => defaults.refresh(parts.epochMs()),
    ),
    atTurnEnd: platform.atTurnEnd,
    writers: new WriterPool(platform.allocate),
    openFile: platform.openFile,
    acceptKey: (key) => platform.sha1(key + KEY_SUFFIX),
    tlsExtension: parts.tlsExtension,
    createDeflater: platform.createDeflater,
    createInflater: platform.createInflater,
    afterTurn: platform.afterTurn,
    monotonicMs: clock.monotonicMs,
    requestMs: () =>
      tracker.observers.areTimesExact ? clock.monotonicMs() : clock.coarseMs(),
    state,
    drainSignal,
    topics: parts.topics,
    serverAddresses: new ServerAddresses(),
  };
}
