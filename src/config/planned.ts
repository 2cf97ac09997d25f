/** Options of Uvicorn that are not implemented yet, each with an alternative. */

const WATCH =
  'start it with "deno run --watch", "bun --watch" or "node --watch"';
const PROCESSES =
  "start a process for each, with --reuse-port or behind a proxy";

/** Alternatives by flag; a sentence without capital and period. */
const PLANNED: Readonly<Record<string, string>> = {
  "--reload": WATCH,
  "--reload-dir": WATCH,
  "--reload-dirs": WATCH,
  "--reload-include": WATCH,
  "--reload-includes": WATCH,
  "--reload-exclude": WATCH,
  "--reload-excludes": WATCH,
  "--reload-delay": WATCH,
  "--workers": PROCESSES,
  "--timeout-worker-healthcheck": PROCESSES,
  "--env-file":
    'let the runtime read it, as in "node --env-file=.env cli.js main:app"',
  "--env-file-if-exists":
    'let the runtime read it, as in "node --env-file-if-exists=.env cli.js main:app"',
  "--log-config": "--log-level and --access-log say what is logged",
  "--interface": "serve an ASGI application, async (scope, receive, send)",
  "--proxy-headers":
    "X-Forwarded fields are not read, and --proxy-protocol tells the client's address",
  "--http2": "leave it to a proxy in front of the server",
  "--reset-contextvars": "leave it out, there are no context variables here",
};

/**
 * The alternative to an option that is not implemented yet; `undefined` if it is not planned.
 *
 * @param flag With its dashes; may be the `--no-` form.
 */
export function insteadOf(flag: string): string | undefined {
  const positive = flag.replace(/^--no-/, "--");
  return Object.hasOwn(PLANNED, positive) ? PLANNED[positive] : undefined;
}
