/** What the operator asked for, in the units and words of connections. */
import type { Options } from "../config/options/mod.ts";
import type { HttpSettings, WebSocketSettings } from "../connection/context.ts";
import type { DefaultHeaderOptions } from "../connection/output/default_headers.ts";
import {
  type RequestIdRule,
  requestIdRule,
} from "../connection/scope/request_id.ts";
import { isTrustedPeer } from "../connection/scope/peer_trust.ts";
import { forwardedOrigin } from "../connection/scope/forwarded_origin.ts";
import type { OriginRule } from "../connection/scope/request_origin.ts";
import { DEFAULT_LIMITS } from "../http/limits.ts";
import { TrustedPeers } from "../proxy/trusted_peers.ts";
import { runtime } from "../runtime/mod.ts";
import { DEFAULT_WEBSOCKET_LIMITS } from "../websocket/limits.ts";
import type { AdmissionLimits } from "./listening/admission.ts";

/** How connections are treated under `options`. */
export function httpSettings(options: Options): HttpSettings {
  const peers = new TrustedPeers(options.forwardedAllowIps);
  return {
    originRule: originRule(options, peers),
    requestIdRule: requestIds(options, peers),
    limits: {
      ...DEFAULT_LIMITS,
      maxHeadBytes: options.limitRequestHead,
      maxTargetBytes: options.limitRequestTarget,
      maxHeaders: options.limitRequestFields,
    },
    maxBodyBytes: options.limitRequestBody ?? Infinity,
    minBodyRate: options.minBodyRate,
    stallMs: options.timeoutWriteStall * 1000,
    rootPath: options.rootPath,
    prefixesRootPath: options.rootPathMode === "prefix",
    keepAliveMs: options.timeoutKeepAlive * 1000,
    firstByteMs: options.timeoutFirstByte * 1000,
    headMs: options.timeoutRequestHead * 1000,
    bodyMs: options.timeoutRequestBody * 1000,
    pauseMs: orNever(options.timeoutReadPause),
    requestMs: orNever(options.timeoutRequest),
    concurrencyWaitMs: options.limitConcurrencyWait * 1000,
    maxConcurrency: options.limitConcurrency ?? Infinity,
    healthPath: options.healthPath,
    raisesAfterDisconnect: options.sendAfterDisconnect === "raise",
    offersEarlyHints: options.earlyHints,
    websocket: options.ws === "none" ? undefined : webSocketSettings(options),
  };
}

function originRule(
  { proxyHeaders, forwardedHeaders: headers }: Options,
  peers: TrustedPeers,
): OriginRule | undefined {
  return proxyHeaders ? forwardedOrigin({ peers, headers }) : undefined;
}

/** The ids of requests under `options`. */
function requestIds(
  { requestIdHeader }: Options,
  peers: TrustedPeers,
): RequestIdRule | undefined {
  if (requestIdHeader === undefined) return undefined;
  return requestIdRule(
    requestIdHeader,
    (info) => isTrustedPeer(info, peers),
    () => crypto.randomUUID(),
  );
}

/** The fields that every response begins with under `options`. */
export function headerSettings(options: Options): DefaultHeaderOptions {
  return {
    date: options.dateHeader,
    server: options.serverHeader ? "tricorn" : undefined,
    headers: options.headers,
  };
}

/**
 * How many connections are let in under `options`. Out of descriptors Bun's node:net spins and
 * Deno's waits, so that the default stays below what there is. The rest is the application's, and
 * that of connections which are refused and not closed yet.
 *
 * @param descriptors How many there may be, if that is known.
 */
export function admissionLimits(
  options: Options,
  descriptors: number | undefined,
): AdmissionLimits {
  const spare = descriptors === undefined
    ? Infinity
    : Math.max(1, descriptors - Math.max(64, Math.ceil(descriptors / 10)));
  return {
    connections: options.limitConnections ?? spare,
    connectionsPerClient: options.limitConnectionsPerClient ?? Infinity,
  };
}

/** Seconds of an option where 0 switches the timer off, in milliseconds. */
function orNever(seconds: number): number {
  return seconds === 0 ? Infinity : seconds * 1000;
}

function webSocketSettings(options: Options): WebSocketSettings {
  return {
    limits: {
      ...DEFAULT_WEBSOCKET_LIMITS,
      maxMessageBytes: options.wsMaxSize,
      maxInflateRatio: options.wsMaxInflateRatio === 0
        ? Number.MAX_SAFE_INTEGER
        : options.wsMaxInflateRatio,
    },
    maxQueue: options.wsMaxQueue,
    pingIntervalMs: orNever(options.wsPingInterval),
    pingTimeoutMs: orNever(options.wsPingTimeout),
    closeMs: options.wsCloseTimeout * 1000,
    handshakeMs: options.wsHandshakeTimeout * 1000,
    // Windows of 12 bits take an eighth of the memory and cost some percent.
    deflate: options.wsPerMessageDeflate
      ? {
        serverMaxWindowBits: 12,
        clientMaxWindowBits: 12,
        // Asked when the first WebSocket wants compression: it loads and tries zlib.
        get keepsContext() {
          return runtime.keepsDeflateContext;
        },
      }
      : undefined,
  };
}
