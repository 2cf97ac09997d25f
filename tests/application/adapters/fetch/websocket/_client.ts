/** A WebSocket client of the runtime, for servers under test. */

/** A client, and all that happens to it. */
export interface Client {
  readonly socket: WebSocket;
  /** Rejects if it is refused. */
  readonly opened: Promise<void>;
  readonly closed: Promise<CloseEvent>;
  /** The next message, once it has come. */
  next(): Promise<unknown>;
  /** Resolves when it is closed. */
  close(code?: number): Promise<void>;
}

/** Opens one. */
export function client(
  url: string,
  path: string = "/",
  protocols: string[] = [],
): Client {
  const socket = new WebSocket(url.replace(/^http/, "ws") + path, protocols);
  socket.binaryType = "arraybuffer";
  const messages: unknown[] = [];
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<CloseEvent>();
  let wake = () => {};
  socket.onopen = () => opened.resolve();
  socket.onmessage = (event) => {
    messages.push(event.data);
    wake();
  };
  socket.onerror = () => opened.reject(new Error("refused"));
  socket.onclose = (event) => closed.resolve(event);
  opened.promise.catch(() => {});
  return {
    socket,
    opened: opened.promise,
    closed: closed.promise,
    async next(): Promise<unknown> {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      return messages.shift();
    },
    async close(code = 1000): Promise<void> {
      socket.close(code);
      await closed.promise;
    },
  };
}
