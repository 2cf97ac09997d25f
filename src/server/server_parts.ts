/** What a server is given in place of what its process and its options bring. */
import type { SslIdentity } from "../config/options/tls.ts";
import type { ServerContext } from "../connection/context.ts";
import type { Logging } from "../logging/logging.ts";
import type { selectTransport } from "../runtime/mod.ts";
import type { ListenTarget } from "../runtime/types.ts";
import type { TopicsLink } from "../topics/link.ts";
import type { ServerTime } from "./timers.ts";

/** @internal What a server does for the parent of its process. */
export interface WorkerDuties {
  /** Where to accept, in place of what the options say. */
  readonly targets: readonly ListenTarget[];
  /** The certificate for development that all workers show; `undefined` without one. */
  readonly development: SslIdentity | undefined;
  /** Called once `limitMaxRequests` is reached: the parent says when to stop. */
  onRequestLimit(requests: number): void;
}

/** @internal What a server uses in place of its process's own. */
export interface ServerParts {
  /** Default: to the standard streams, as the options say. */
  readonly logging?: Logging;
  /** Finds the sockets for an address. Default: those of the runtime. */
  readonly selectTransport?: typeof selectTransport;
  /** Whether its requests can be looked at, with their age. Default: `false`. */
  readonly isObserved?: boolean;
  /** Whether it counts and measures. Default: as its options say. */
  readonly isMeasured?: boolean;
  /** Default: the clocks of the process. */
  readonly time?: ServerTime;
  /** For sockets that have TLS although the options say nothing of it. Default: there are none. */
  readonly tlsExtension?: ServerContext["tlsExtension"];
  /** How other workers hear what is published here. Default: there are none. */
  readonly topicsLink?: TopicsLink;
  /** Given to a worker: its parent says where it listens, and ends it. */
  readonly worker?: WorkerDuties;
}
