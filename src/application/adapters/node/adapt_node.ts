/**
 * Node applications: Express, Koa, Fastify, connect, an `http.Server`, or a plain
 * `(request, response)`. Each request gets a real `http.IncomingMessage` and `http.ServerResponse`
 * whose socket is ours (docs/node.md).
 */
import type {
  AsgiApp,
  HttpReceiveEvent,
  HttpScope,
  Receive,
  Send,
} from "../../../asgi.ts";
import type { Logger } from "../../../logging/logger.ts";
import type { AdapterContext } from "../context.ts";
import { NodeExchange } from "./node_exchange.ts";
import { type NodeTarget, nodeTarget } from "./node_target.ts";
import { serveUpgrade } from "./serve_upgrade.ts";

/** Turns a Node application into an ASGI application. See `Adapt`. */
export function adaptNode(value: unknown, context: AdapterContext): AsgiApp {
  const target = nodeTarget(value, context);
  const app = (scope: Scope, receive: Receive, send: Send): Promise<void> => {
    switch (scope.type) {
      case "http":
        return serveRequest(
          target,
          context.logger,
          scope,
          receive as Receive<HttpReceiveEvent>,
          send,
        );
      case "websocket":
        return refuseWebSocket(send);
      case "lifespan":
        return context.lifespan(scope, receive, send);
    }
  };
  return app as AsgiApp;
}

type Scope = Parameters<AsgiApp>[0];

/** Ours reach Node applications as upgrades: this scope is another server's. */
function refuseWebSocket(send: Send): Promise<void> {
  return send({ type: "websocket.close" });
}

function serveRequest(
  target: NodeTarget,
  logger: Logger,
  scope: HttpScope,
  receive: Receive<HttpReceiveEvent>,
  send: Send,
): Promise<void> {
  const upgrade = scope.extensions["http.upgrade"];
  if (upgrade !== undefined) {
    const { upgrades } = target;
    // Without a listener it is a request like any other.
    if (upgrades !== undefined && upgrades.listenerCount("upgrade") > 0) {
      return serveUpgrade(upgrades, scope, upgrade);
    }
  }
  const exchange = new NodeExchange(scope, receive, send);
  const onThrow = (error: unknown) => {
    if (exchange.fail(error)) return;
    // An error behind the answer, or of a request whose client has left: nobody waits for it.
    const level = exchange.response.writableFinished ? "error" : "debug";
    logger[level]("Exception in ASGI application", { error });
  };
  try {
    const result = target.handle(exchange);
    if (isThenable(result)) result.then(undefined, onThrow);
  } catch (error) {
    onThrow(error);
  }
  return exchange.completion;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}
