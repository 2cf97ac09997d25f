/** Gives an upgrade to the listeners of the application, as `http.Server` does. */
import { Buffer } from "node:buffer";
import type { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import type { HttpScope, UpgradeExtension } from "../../../asgi.ts";
import { createRequest } from "./node_request.ts";
import { RequestSocket } from "./request_socket.ts";
import { UpgradeSocket } from "./upgrade_socket.ts";

/**
 * Emits `upgrade` with a request and its socket. Resolves when the connection has ended.
 *
 * @param emitter Has a listener for `upgrade`.
 */
export async function serveUpgrade(
  emitter: EventEmitter,
  scope: HttpScope,
  upgrade: UpgradeExtension,
): Promise<void> {
  const details = new RequestSocket(scope, {
    cut: (error) => socket.destroy(error),
  });
  const socket = new UpgradeSocket(details);
  const closed = Promise.withResolvers<void>();
  socket.once("close", closed.resolve);
  socket.onThrow = closed.reject;
  socket.attach(upgrade.takeOver(socket));
  const request: IncomingMessage & { upgrade?: boolean } = createRequest(
    { scope, socket, pull: () => void request.push(null) },
    false,
  );
  request.upgrade = true;
  try {
    // What the client has sent ahead comes through the socket.
    emitter.emit("upgrade", request, socket, Buffer.alloc(0));
    await closed.promise;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
