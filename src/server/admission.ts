/** What becomes of a connection that was accepted. */
import { HttpConnection } from "../connection/http_connection.ts";
import type { HttpContext } from "../connection/http_context.ts";
import type { Socket, SocketHandler } from "../runtime/types.ts";

/** Gives `socket` to the protocol that will speak on it. */
export function admit(socket: Socket, context: HttpContext): SocketHandler {
  const connection = new HttpConnection(socket, context);
  // Accepted by the kernel before the listener was closed, told to us after it.
  if (context.isDraining) connection.drain();
  return connection;
}
