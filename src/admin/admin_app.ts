/** The application of the admin listener: probes and metrics, and nothing else. */
import type { AsgiApp, HttpScope, Send } from "../asgi.ts";
import type { MetricsSource } from "../metrics/metrics_source.ts";
import {
  type ProbeAnswer,
  sendAnswer,
  TEXT,
} from "../server/health/probe_answer.ts";
import type { HealthReport, HealthSource } from "./health_source.ts";

/** Who answers. */
export interface AdminSources {
  readonly health: HealthSource;
  /** `undefined` for none: `/metrics` is not there then. */
  readonly metrics: MetricsSource | undefined;
}

/** Answers GET and HEAD of `/livez`, `/readyz` and `/metrics`. */
export function adminApp(sources: AdminSources): AsgiApp {
  return async (scope, _receive, send) => {
    if (scope.type === "http") await respond(scope, send, sources);
  };
}

async function respond(
  scope: HttpScope,
  send: Send,
  sources: AdminSources,
): Promise<void> {
  const answer = answerTo(scope, sources);
  if (answer === undefined) {
    return await sendAnswer(send, text(404, "not found"));
  }
  const { method } = scope;
  if (method !== "GET" && method !== "HEAD") {
    const refusal = text(405, "method not allowed"); // RFC 9110 §15.5.6
    return await sendAnswer(send, refusal, [["allow", "GET, HEAD"]]);
  }
  await sendAnswer(send, await answer());
}

/** How the path is answered; `undefined` if there is no such path. */
function answerTo(
  { raw_path: path, query_string: query, headers }: HttpScope,
  { health, metrics }: AdminSources,
): (() => Promise<ProbeAnswer>) | undefined {
  const isVerbose = new URLSearchParams(query).has("verbose");
  switch (path) {
    case "/livez":
      return async () => reportAnswer(await health.liveness(), isVerbose);
    case "/readyz":
      return async () =>
        reportAnswer(await health.readiness(isVerbose), isVerbose);
    case "/metrics":
      return metrics && (async () => ({
        status: 200,
        ...await metrics.render(valuesOf(headers, "accept")),
      }));
    default:
      return undefined;
  }
}

function reportAnswer(report: HealthReport, isVerbose: boolean): ProbeAnswer {
  const { isOk, reason, workers } = report;
  const status = isOk ? 200 : 503;
  if (!isVerbose) return text(status, isOk ? "ok" : `failed: ${reason}`);
  const shown = {
    status: isOk ? "ok" : "failed",
    ...reason === undefined ? {} : { reason },
    workers,
  };
  return {
    status,
    contentType: "application/json",
    body: `${JSON.stringify(shown, null, 2)}\n`,
  };
}

function text(status: number, line: string): ProbeAnswer {
  return { status, contentType: TEXT, body: `${line}\n` };
}

/** All values of a list field, joined (RFC 9110 §5.3). */
function valuesOf(headers: HttpScope["headers"], name: string): string {
  return headers.filter(([each]) => each === name).map(([, value]) => value)
    .join(", ");
}
