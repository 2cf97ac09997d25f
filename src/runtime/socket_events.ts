/** What the three sockets share in calling their handler. */
import type { Socket, SocketHandler } from "./types.ts";

/**
 * Silence after which the kernel asks a TCP peer whether it is still there, in milliseconds. While
 * an application works on a request nothing is sent, and a peer whose machine or network is gone
 * shows by this alone. Go's servers ask after 15 s; nobody waits for it, so we need not.
 */
export const TCP_KEEP_ALIVE_MS = 60_000;

/** The handler of a socket until `accept` returns the real one. */
export const NOBODY: SocketHandler = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
};

/**
 * Lets `accept` choose the first handler. If it throws, the socket is destroyed and the server
 * lives on.
 */
export function attachHandler(
  socket: Socket,
  accept: (socket: Socket) => SocketHandler,
): void {
  try {
    socket.handler = accept(socket);
  } catch (error) {
    socket.destroy();
    warn(error);
  }
}

/** Makes the last call. Nobody is left to tell of a handler that throws here. */
export function tellClosed(
  handler: SocketHandler,
  error: Error | undefined,
): void {
  try {
    handler.onClose(error);
  } catch (thrown) {
    warn(thrown);
  }
}

/** What a handler threw, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error
    ? thrown
    : new Error(String(thrown), { cause: thrown });
}

/** A warning is seen by people and, unlike an uncaught exception, does not end the process. */
function warn(thrown: unknown): void {
  process.emitWarning(asError(thrown));
}
