/** What the three sockets share in calling their handlers. */
import type { Socket, SocketHandler } from "./types.ts";

/**
 * Idle time before TCP keep-alive probes, in milliseconds. While an application works on a request
 * nothing is sent, and only a probe detects a peer whose machine or network has failed. Go's servers
 * probe after 15 s; a minute is soon enough here, because no caller waits for the result.
 */
export const TCP_KEEP_ALIVE_MS = 60_000;

/** The handler of a socket until `onAccept` returns the real one. */
export const NOBODY: SocketHandler = {
  onData() {},
  onDrain() {},
  onEnd() {},
  onClose() {},
};

/** Sets the handler that `onAccept` returns. If it throws, only this socket is destroyed. */
export function attachHandler(
  socket: Socket,
  onAccept: (socket: Socket) => SocketHandler,
): void {
  try {
    socket.handler = onAccept(socket);
  } catch (error) {
    socket.destroy();
    warn(error);
  }
}

/** Calls `onClose`. What it throws has no handler left to go to, and becomes a warning. */
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

/** Prints a warning, which unlike an uncaught exception does not end the process. */
function warn(thrown: unknown): void {
  process.emitWarning(asError(thrown));
}
