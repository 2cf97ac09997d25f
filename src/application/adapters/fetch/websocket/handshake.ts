/** Runs one WebSocket of a fetch application, from the handshake to the end. */
import type {
  Receive,
  Send,
  WebSocketReceiveEvent,
  WebSocketScope,
} from "../../../../asgi.ts";
import { type FetchApp, wrongResponse } from "../fetch_app.ts";
import { responseProblem, startOf } from "../response_head.ts";
import { ServerInfo } from "../server_info.ts";
import { type BunHandlers, BunSocket } from "./bun_socket.ts";
import { bodyChunk } from "../body_chunk.ts";
import { Topics } from "./topics.ts";
import type { ServerWebSocket } from "./server_websocket.ts";
import { addedFields, isMarker, UpgradeRequest } from "./upgrade_request.ts";
import {
  type CrosswsAdapter,
  crosswsAdapter,
} from "./crossws/crossws_adapter.ts";
import { attachedHooks } from "./crossws/attached_hooks.ts";

/** Asks the handler, and does what it decides. */
export async function answerHandshake(
  app: FetchApp,
  scope: WebSocketScope,
  receive: Receive,
  send: Send,
): Promise<void> {
  await receive(); // `websocket.connect`
  const upgrade = new UpgradeRequest(scope, () => request.url);
  const info = new ServerInfo(scope, send, app.logger, upgrade);
  const request: Request = app.newRequest(scope, receive, info);
  info.attach(request);
  try {
    let response = await app.fetch(request, info);
    if (!upgrade.isAccepted) {
      const hooks = attachedHooks(request, response);
      if (hooks !== undefined) {
        response = await adapterOf(app).handleUpgrade(request, info, hooks);
      }
    }
    await decide(app, scope, receive, send, upgrade, response);
  } catch (error) {
    upgrade.socket?.onClosed(1006, "");
    info.onFailed(error);
    throw error;
  }
  await info.onCompleted();
}

/** The topics of each application. */
const allTopics = new WeakMap<FetchApp, Topics>();

function topicsOf(app: FetchApp): Topics {
  let topics = allTopics.get(app);
  if (topics === undefined) allTopics.set(app, topics = new Topics());
  return topics;
}

/** What serves hooks of crossws, where an application brings them without an adapter. */
const allAdapters = new WeakMap<FetchApp, CrosswsAdapter>();

function adapterOf(app: FetchApp): CrosswsAdapter {
  let adapter = allAdapters.get(app);
  if (adapter === undefined) allAdapters.set(app, adapter = crosswsAdapter());
  return adapter;
}

async function decide(
  app: FetchApp,
  scope: WebSocketScope,
  receive: Receive,
  send: Send,
  upgrade: UpgradeRequest,
  response: unknown,
): Promise<void> {
  if (upgrade.forHandlers !== undefined) {
    // What the handler returns then is nothing, or a placeholder.
    return await runHandlers(app, scope, receive, send, upgrade, []);
  }
  const problem = responseProblem(response);
  if (problem !== undefined) throw wrongResponse(scope, problem);
  const { socket } = upgrade;
  if (upgrade.isAccepted && isMarker(response as Response)) {
    const added = addedFields(response as Response);
    if (socket === undefined) {
      return await runHandlers(app, scope, receive, send, upgrade, added);
    }
    const fields = [...upgrade.headers, ...added];
    return await runSocket(socket, receive, send, fields);
  }
  socket?.onClosed(1006, "");
  await deny(response as Response, send);
}

async function runSocket(
  socket: ServerWebSocket,
  receive: Receive,
  send: Send,
  headers: readonly [string, string][],
): Promise<void> {
  await send({
    type: "websocket.accept",
    subprotocol: socket.protocol || null,
    headers,
  });
  socket.onAccepted(send);
  while (!socket.onEvent(await receive() as WebSocketReceiveEvent));
}

/** A response to a handshake is a refusal (ASGI Extensions: Websocket Denial Response). */
async function deny(response: Response, send: Send): Promise<void> {
  const { status, headers } = startOf(response, false);
  await send({ type: "websocket.http.response.start", status, headers });
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read && !read.done;) {
    const body = bodyChunk(read.value);
    await send({ type: "websocket.http.response.body", body, more_body: true });
    read = await reader!.read();
  }
  await send({ type: "websocket.http.response.body" });
}

async function runHandlers(
  app: FetchApp,
  scope: WebSocketScope,
  receive: Receive,
  send: Send,
  upgrade: UpgradeRequest,
  added: readonly [string, string][],
): Promise<void> {
  const { headers, own } = upgrade;
  const handlers = own?.handlers ??
    (app.websocketHandlers ?? {}) as BunHandlers;
  // Bun's server takes the first subprotocol that is offered, unless a field says otherwise.
  const first = own === undefined ? upgrade.offered[0] ?? null : null;
  const subprotocol = headers.get("sec-websocket-protocol") ?? first;
  headers.delete("sec-websocket-protocol");
  const fields = [...headers, ...added];
  await send({ type: "websocket.accept", subprotocol, headers: fields });
  const socket = new BunSocket(handlers, send, {
    data: upgrade.forHandlers?.data,
    remoteAddress: scope.client?.[0] ?? "",
    topics: topicsOf(app),
    onError: (error) =>
      app.logger.error("Exception in a WebSocket handler", { error }),
    onLeft: own?.onLeft,
  });
  socket.onAccepted();
  while (!socket.onEvent(await receive() as WebSocketReceiveEvent));
}
