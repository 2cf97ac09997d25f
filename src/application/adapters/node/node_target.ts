/** What of a Node application is called for a request, whatever its framework. */
import type { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AdapterContext } from "../context.ts";

/** What a target is given. */
export interface TargetExchange {
  readonly request: IncomingMessage;
  /** A `ServerResponse`. */
  readonly response: object;
  /** The handler has failed. @returns Whether the call of the application tells of it. */
  fail(error: unknown): boolean;
}

/** An application that requests are given to. */
export interface NodeTarget {
  /** Handles one request. What it returns is awaited if it is a promise; it may throw. */
  handle(exchange: TargetExchange): unknown;
  /** Whose listeners for `upgrade` get upgrades, if it has any. */
  readonly upgrades?: EventEmitter | undefined;
}

type Next = (error?: unknown) => void;
type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: Next,
) => unknown;

/** A Fastify instance, as far as it is used. */
interface Fastify {
  /** Plugins that speak WebSocket listen to it. */
  readonly server?: EventEmitter;
  routing(request: IncomingMessage, response: ServerResponse): unknown;
  ready(): PromiseLike<unknown>;
  close(): PromiseLike<unknown>;
}

/** Finds what to call, and registers what startup and shutdown owe the application. */
export function nodeTarget(
  value: unknown,
  context: AdapterContext,
): NodeTarget {
  switch (context.shape) {
    case "koa":
      return handlerTarget(
        (value as { callback(): Handler }).callback(),
        emitterOf(value),
      );
    case "fastify":
      return fastifyTarget(value as Fastify, context);
    case "server":
      return serverTarget(value as EventEmitter, context);
    case "express":
      // An application ends a request that no route takes; a router asks for somebody who does.
      return typeof (value as { listen?: unknown }).listen === "function"
        ? handlerTarget(value as Handler, emitterOf(value))
        : middlewareTarget(value as Handler);
    case "function":
    case "fetch":
      return middlewareTarget(value as Handler);
  }
}

/** `value` if it emits events: Express and Koa applications do. */
function emitterOf(value: unknown): EventEmitter | undefined {
  const { listenerCount } = value as Partial<EventEmitter>;
  return typeof listenerCount === "function"
    ? value as EventEmitter
    : undefined;
}

function handlerTarget(
  handler: Handler,
  upgrades: EventEmitter | undefined,
): NodeTarget {
  return {
    upgrades,
    handle: ({ request, response }) =>
      handler(request, response as ServerResponse),
  };
}

/** A function that may pass on what it does not answer. */
function middlewareTarget(handler: Handler): NodeTarget {
  return {
    handle(exchange) {
      const response = exchange.response as ServerResponse;
      return handler(exchange.request, response, (error) => {
        if (error === undefined || error === null || error === "router") {
          notFound(response);
        } else exchange.fail(error);
      });
    },
  };
}

function notFound(response: ServerResponse): void {
  if (response.headersSent) return;
  response.statusCode = 404;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.end("Not Found");
}

function fastifyTarget(app: Fastify, context: AdapterContext): NodeTarget {
  let isReady = false;
  const ready = async () => {
    await app.ready();
    isReady = true;
  };
  context.onStart(ready);
  context.onStop(() => app.close());
  return {
    upgrades: app.server,
    handle({ request, response }) {
      if (isReady) return app.routing(request, response as ServerResponse);
      // Without lifespan, the first requests wait for the plugins.
      return ready().then(() =>
        app.routing(request, response as ServerResponse)
      );
    },
  };
}

function serverTarget(
  server: EventEmitter,
  context: AdapterContext,
): NodeTarget {
  // What listens to the server hears of ours: it stands in for it.
  context.onListening(() => void server.emit("listening"));
  context.onStop(() => void server.emit("close"));
  return {
    upgrades: server,
    handle(exchange) {
      const { request, response } = exchange;
      const wantsContinue = request.headers.expect?.toLowerCase() ===
        "100-continue";
      const event = wantsContinue && server.listenerCount("checkContinue") > 0
        ? "checkContinue"
        : "request";
      if (!server.emit(event, request, response)) {
        exchange.fail(
          new Error('The http.Server has no listener for "request"'),
        );
      }
    },
  };
}
