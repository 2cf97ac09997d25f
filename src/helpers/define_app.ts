/** Types an application, and marks its interface. */
import type {
  Application,
  Asgi2App,
  FastifyApplication,
  FetchApplication,
  FetchHandler,
  KoaApplication,
  NodeHandler,
  NodeServer,
  WsgiApp,
} from "../application/application.ts";
import { INTERFACE_MARK } from "../application/interface.ts";
import type { InterfaceName } from "../application/verdict.ts";
import type { AsgiApp, State } from "../asgi.ts";

/** What an application is. */
export interface DefineOptions<N extends InterfaceName = InterfaceName> {
  /** Its interface. Default: `"asgi3"`. */
  readonly interface?: N;
}

/** The applications of each interface. */
export interface ApplicationsByInterface {
  /** `async (scope, receive, send) => { … }` */
  asgi3: AsgiApp;
  /** `(scope) => async (receive, send) => { … }` */
  asgi2: Asgi2App;
  /** `(environ, startResponse) => [ … ]` */
  wsgi: WsgiApp;
  /** `(request, info) => Response`, or an object with such a method. */
  fetch: FetchHandler | FetchApplication;
  /** `(req, res) => { … }`, Express, Koa, Fastify, or a server of `node:http`. */
  node: NodeHandler | KoaApplication | FastifyApplication | NodeServer;
}

/**
 * Marks `app` with its interface, so that the server need not detect it, and types its parameters.
 *
 * @param app Is marked itself, and returned.
 * @throws TypeError if it is frozen, or marked with another interface.
 *
 * @example
 * ```ts
 * interface State {
 *   visits: number;
 * }
 *
 * const app = defineApp<State>(async (scope, _receive, send) => {
 *   if (scope.type !== "http") return;
 *   await send({ type: "http.response.start", status: 200 });
 *   await send({ type: "http.response.body", body: `${scope.state.visits}` });
 * });
 * ```
 */
export function defineApp<S extends object = State>(app: AsgiApp<S>): AsgiApp;
/**
 * Marks an application of another interface, where that cannot be detected, as for `"wsgi"`.
 *
 * @example
 * ```ts
 * const app = defineApp((_environ, startResponse) => {
 *   startResponse("200 OK", [["content-type", "text/plain"]]);
 *   return ["Hello, world!\n"];
 * }, { interface: "wsgi" });
 * ```
 */
export function defineApp<N extends InterfaceName>(
  app: ApplicationsByInterface[N],
  options: DefineOptions<N>,
): ApplicationsByInterface[N];
export function defineApp(
  app: Application,
  options: DefineOptions = {},
): Application {
  const { interface: value = "asgi3" } = options;
  Object.defineProperty(app, INTERFACE_MARK, { value });
  return app;
}
