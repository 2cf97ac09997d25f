/** What the options say of OpenTelemetry, made into a tracer. */
import type { Options } from "../../config/options/mod.ts";
import type { Logger } from "../../logging/logger.ts";
import { TrustedPeers } from "../../proxy/trusted_peers.ts";
import { runtime } from "../../runtime/mod.ts";
import type { CallTracer } from "../call_trace.ts";
import { loadOtelApi } from "./api.ts";
import { Methods } from "./attributes.ts";
import { OtelTracer } from "./otel_tracer.ts";
import { parentOf } from "./trace_context.ts";

const EVERYBODY = { trusts: () => true };

/**
 * Loads the application's API.
 *
 * @throws ConfigError in one line if it is missing.
 */
export async function openOtel(
  { appDir, forwardedAllowIps, otelContext }: Options,
  logger: Logger,
): Promise<CallTracer> {
  const api = await loadOtelApi(appDir ?? ".");
  const peers = {
    trusted: new TrustedPeers(forwardedAllowIps),
    any: EVERYBODY,
    none: undefined,
  }[otelContext];
  return new OtelTracer({
    api,
    methods: new Methods(
      runtime.env("OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS"),
    ),
    parentOf: parentOf(api, peers),
    logger,
  });
}
