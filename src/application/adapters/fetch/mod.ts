/**
 * For fetch applications that are served by Tricorn, and for ASGI applications that are to run as
 * fetch handlers.
 *
 * - {@linkcode upgradeWebSocket} accepts a WebSocket from a fetch handler.
 * - {@linkcode honoWebSocket} does so for Hono's `upgradeWebSocket` helper.
 * - {@linkcode crosswsAdapter} runs the hooks of crossws.
 * - {@linkcode toFetch} makes a fetch handler of an ASGI application.
 * - {@linkcode useLightFetch} makes small requests cheaper on Node and Bun.
 * - {@linkcode ServerInfo} is what handlers are given as second and third argument.
 *
 * @module
 */
export type { HeadersInput } from "../../../runtime/web_types.ts";
export { useLightFetch } from "./light_globals.ts";
export type { ServerInfo, SocketAddress } from "./server_info.ts";
export type { IncomingSocket } from "./server_info.ts";
export type { NetAddr, UnixAddr } from "./listen_address.ts";
export {
  type BunUpgrade,
  type UpgradeOptions,
  upgradeWebSocket,
  type WebSocketUpgrade,
} from "./websocket/upgrade_request.ts";
export {
  type Handler,
  type MessageOptions,
  ServerWebSocket,
} from "./websocket/server_websocket.ts";
export type { MessageData } from "./websocket/message_sender.ts";
export {
  type HonoContext,
  type HonoEvents,
  type HonoSocket,
  honoWebSocket,
} from "./websocket/hono.ts";
export {
  type CrosswsAdapter,
  crosswsAdapter,
} from "./websocket/crossws/crossws_adapter.ts";
export type {
  CrosswsHooks,
  CrosswsMessage,
  CrosswsOptions,
  CrosswsPeer,
  CrosswsSendOptions,
  CrosswsSocket,
  CrosswsUpgrade,
} from "./websocket/crossws/crossws_types.ts";
export type {
  ChannelAdapter,
  ChannelDriver,
  ChannelMessage,
} from "../../../config/options/topics.ts";
export type * from "../../../asgi.ts";
export type { LifespanMode } from "../../lifespan.ts";
export {
  type AsgiFetch,
  type FetchContext,
  toFetch,
  type ToFetchOptions,
} from "../../to_fetch/to_fetch.ts";
