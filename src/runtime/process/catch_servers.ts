/**
 * Takes servers that a program starts, in place of listening: `listen()` of `node:http` and
 * `node:https`, `Deno.serve()` and `Bun.serve()`. All of these are public, and are put back.
 */
import http from "node:http";
import https from "node:https";
import type { Address, CaughtServer } from "../types.ts";

type OnServer = (server: CaughtServer) => void;
type Function = (...args: never[]) => unknown;

/** Replaces what starts servers until the returned function is called. */
export function catchServers(onServer: OnServer): () => void {
  const { Deno: deno, Bun: bun } = globalThis as unknown as Readonly<
    Record<string, { serve?: unknown } | undefined>
  >;
  const listen = listenOf(onServer);
  const restores = [
    replace(http.Server.prototype, "listen", listen),
    replace(https.Server.prototype, "listen", listen),
  ];
  if (deno?.serve !== undefined) {
    restores.push(replace(deno, "serve", denoServe(onServer)));
  }
  if (bun?.serve !== undefined) {
    restores.push(replace(bun, "serve", bunServe(onServer)));
  }
  // The last one first: in Bun 1.4.0 both modules have the same class.
  return () => restores.toReversed().forEach((restore) => restore());
}

/** @returns A function that puts back what was there. */
function replace(holder: object, name: string, value: Function): () => void {
  const own = Object.getOwnPropertyDescriptor(holder, name);
  const target = holder as Record<string, unknown>;
  if (own !== undefined && !own.configurable) { // Bun.serve
    const before = target[name];
    target[name] = value;
    return () => void (target[name] = before);
  }
  const enumerable = own?.enumerable ?? true;
  const described = { value, enumerable, writable: true, configurable: true };
  Object.defineProperty(holder, name, described);
  return () => {
    if (own === undefined) delete target[name];
    else Object.defineProperty(holder, name, own);
  };
}

function listenOf(onServer: OnServer) {
  return function (this: http.Server, ...args: unknown[]): http.Server {
    const callback = args.at(-1);
    if (typeof callback === "function") {
      this.once("listening", callback as () => void);
    }
    const define = (name: string, value: unknown) =>
      Object.defineProperty(this, name, {
        value,
        writable: true,
        configurable: true,
      });
    // It never listened, so that the original would fail. Ends when the server around it does.
    define("close", (onClose?: unknown) => {
      if (typeof onClose === "function") {
        this.once("close", onClose as () => void);
      }
      return this;
    });
    const { host } = Object(args[0]) as ListenOptions;
    let restore = (): void => {};
    onServer({
      value: this,
      onListening: (address) => {
        define("address", () => nodeAddress(address));
        define("listening", true);
        if (host === "localhost") restore = holdBack(address);
        this.emit("listening");
      },
      // Whoever serves its listeners emits "close".
      onStopped: () => {
        define("listening", false);
        restore();
      },
    });
    return this;
  };
}

/** What is read of the first argument of `listen()`. */
interface ListenOptions {
  readonly host?: unknown;
  readonly port?: unknown;
}

/**
 * Keeps the program from listening on our port. Fastify 5 starts a further server for each other
 * address of `localhost`, on the port of the first, once that listens: these would answer past us.
 *
 * @returns A function that puts back what was there.
 */
function holdBack(address: Address): () => void {
  const port = address.kind === "tcp" ? address.port : undefined;
  const { listen } = http.Server.prototype;
  return replace(
    http.Server.prototype,
    "listen",
    function (this: http.Server, ...args: unknown[]): http.Server {
      const options = Object(args[0]) as ListenOptions;
      if (typeof args[0] !== "object" || options.port !== port) {
        return Reflect.apply(listen, this, args);
      }
      Object.defineProperties(this, {
        address: { value: () => nodeAddress(address), configurable: true },
        listening: { value: true, configurable: true, writable: true },
        close: {
          value: (onClose?: () => void) => {
            if (onClose !== undefined) this.once("close", onClose);
            queueMicrotask(() => this.emit("close"));
            return this;
          },
          configurable: true,
        },
      });
      queueMicrotask(() => this.emit("listening"));
      return this;
    } as Function,
  );
}

function nodeAddress(address: Address): unknown {
  if (address.kind === "unix") return address.path;
  const { host, port } = address;
  const family = host.includes(":") ? "IPv6" : "IPv4";
  return { address: host, port, family };
}

/** What is read of the arguments of both functions. */
interface ServeOptions {
  readonly handler?: unknown;
  readonly fetch?: unknown;
  readonly routes?: unknown;
  readonly onListen?: unknown;
  readonly onError?: unknown;
}

function denoServe(onServer: OnServer) {
  return (first: ServeOptions | Function, second?: Function): object => {
    const options = typeof first === "function" ? {} : first;
    const handler = typeof first === "function"
      ? first
      : second ?? options.handler;
    if (typeof handler !== "function") {
      throw new TypeError(
        "Cannot take over Deno.serve(): expected a handler, a function",
      );
    }
    const { onListen, onError } = options;
    const finished = Promise.withResolvers<void>();
    let address: Address | undefined;
    onServer({
      value: { fetch: handler, onListen, onError },
      onListening: (found) => void (address = found),
      onStopped: () => finished.resolve(),
    });
    const shutdown = () => finished.promise;
    return {
      get addr() {
        return address?.kind === "unix"
          ? { transport: "unix", path: address.path }
          : {
            transport: "tcp",
            hostname: address?.host ?? "",
            port: address?.port ?? 0,
          };
      },
      finished: finished.promise,
      shutdown,
      ref() {},
      unref() {},
      [Symbol.asyncDispose]: shutdown,
    };
  };
}

function bunServe(onServer: OnServer) {
  return (options: ServeOptions): object => {
    if (typeof options?.fetch !== "function" || options.routes !== undefined) {
      throw new TypeError(
        'Cannot take over Bun.serve(): expected a function "fetch" and no "routes"',
      );
    }
    const finished = Promise.withResolvers<void>();
    let address: Address | undefined;
    onServer({
      value: options,
      onListening: (found) => void (address = found),
      onStopped: () => finished.resolve(),
    });
    const host = () => address?.kind === "tcp" ? address.host : undefined;
    const port = () => address?.kind === "tcp" ? address.port : undefined;
    return {
      get hostname() {
        return host();
      },
      get port() {
        return port();
      },
      get url() {
        const name = host()?.includes(":") ? `[${host()}]` : host();
        return new URL(`http://${name ?? "localhost"}:${port() ?? 0}/`);
      },
      stop: () => finished.promise,
      ref() {},
      unref() {},
    };
  };
}
