/** What can be served: types only. */
import type { AsgiApp, Receive, Scope, Send } from "../asgi.ts";

/**
 * An application of ASGI 2: called with the scope, and what that returns with `receive` and `send`.
 */
export type Asgi2App = (
  scope: Scope,
) => (receive: Receive, send: Send) => Promise<void>;

/**
 * A fetch handler. The second argument knows the client and the server; frameworks call it `info`
 * or `env`.
 */
// deno-lint-ignore no-explicit-any
export type FetchHandler = (request: Request, info: any) => unknown;

/** An object with a fetch handler: Hono, H3, Elysia, `export default { fetch }`. */
export interface FetchApplication {
  /** Answers one request. */
  // deno-lint-ignore no-explicit-any
  readonly fetch: (request: Request, ...more: any[]) => unknown;
}

/** A handler as for `http.createServer()` of Node; an Express application. */
// deno-lint-ignore no-explicit-any
export type NodeHandler = (request: any, response: any) => unknown;

/** A Koa application. */
export interface KoaApplication {
  /** Makes the handler. */
  // deno-lint-ignore no-explicit-any
  callback(): (request: any, response: any) => unknown;
  /** What Koa is told apart by. */
  readonly middleware: readonly unknown[];
}

/** A Fastify application. */
export interface FastifyApplication {
  /** Answers one request, once the application is ready. */
  // deno-lint-ignore no-explicit-any
  routing(request: any, response: any): void;
  /** Loads its plugins. */
  ready(): unknown;
}

/** A server of `node:http` that does not listen. */
export interface NodeServer {
  /** Hands a request to its listeners. */
  // deno-lint-ignore no-explicit-any
  emit(event: any, ...values: any[]): boolean;
  /** Not called. */
  // deno-lint-ignore no-explicit-any
  listen(...values: any[]): unknown;
  /** What such a server is told apart by. */
  readonly keepAliveTimeout: number;
}

/** A WSGI environment: CGI variables and `wsgi.` keys, by the names of PEP 3333. */
export type WsgiEnviron = Record<string, unknown>;

/** Begins the response of a WSGI application; returns the `write` of PEP 3333. */
export type StartResponse = (
  status: string,
  headers: Iterable<readonly [name: string, value: string]>,
  excInfo?: unknown,
) => (data: Uint8Array | string) => void;

/** A WSGI application (PEP 3333). It is not detected: choose it with the option `interface`. */
export type WsgiApp = (
  environ: WsgiEnviron,
  startResponse: StartResponse,
) =>
  | Iterable<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>
  | Promise<
    Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>
  >;

/**
 * Everything that can be served. Its interface is detected, unless the option `interface` names
 * it; a function without parameters that makes one of these is called. Annotate the parameters of a
 * function that is written inside the call: `serve((request: Request) => new Response("hi"))`.
 */
export type Application =
  | AsgiApp
  | Asgi2App
  | WsgiApp
  | FetchHandler
  | FetchApplication
  | NodeHandler
  | KoaApplication
  | FastifyApplication
  | NodeServer;
