/** The client's side of permessage-deflate (RFC 7692): the offer, and what was agreed on. */
import { MessageCompression } from "../../connection/websocket/message_compression.ts";
import { runtime } from "../../runtime/mod.ts";
import { readExtensions } from "../../websocket/extensions.ts";
import { ProtocolViolation } from "../errors.ts";

/** What a client asks for (RFC 7692 §7.1). */
export interface CompressionOffer {
  /** Whether the server is to forget its window after each message. Default: false. */
  readonly serverNoContextTakeover?: boolean;
  /** Whether the client will. Default: false. */
  readonly clientNoContextTakeover?: boolean;
  /** Largest window of the server, as a power of two: 9 to 15. Default: any. */
  readonly serverMaxWindowBits?: number;
  /** Largest window of the client, 8 to 15; `true` lets the server choose. Default: true. */
  readonly clientMaxWindowBits?: number | boolean;
}

/** The offer as it is sent, by default that of browsers. */
export function offerOf(offer: CompressionOffer): string {
  const { clientMaxWindowBits: bits = true, serverMaxWindowBits } = offer;
  let text = "permessage-deflate";
  if (offer.serverNoContextTakeover) text += "; server_no_context_takeover";
  if (offer.clientNoContextTakeover) text += "; client_no_context_takeover";
  if (serverMaxWindowBits !== undefined) {
    text += `; server_max_window_bits=${serverMaxWindowBits}`;
  }
  if (bits !== false) {
    text += `; client_max_window_bits${bits === true ? "" : `=${bits}`}`;
  }
  return text;
}

/**
 * The compression that the server has agreed to, seen by the client; `undefined` for none.
 *
 * @param answer The extensions of its answer, `""` for none.
 * @throws ProtocolViolation if nothing of the kind was offered.
 */
export function agreedOn(
  answer: string,
  offered: string,
): MessageCompression | undefined {
  if (answer === "") return undefined;
  const [extension, ...more] = readExtensions(answer) ?? [];
  if (
    extension?.name !== "permessage-deflate" || more.length > 0 ||
    !offered.includes(extension.name)
  ) {
    throw new ProtocolViolation(
      `Cannot open a WebSocket: the server chose the extensions ${
        JSON.stringify(answer)
      } of ${JSON.stringify(offered)}`,
    );
  }
  const agreed = new Map(extension.parameters);
  const bits = (name: string) => Number(agreed.get(name) ?? 15);
  // Seen from this side, what is called the server's is the sender's.
  const agreement = {
    serverMaxWindowBits: Math.max(9, bits("client_max_window_bits")),
    serverNoContextTakeover: agreed.has("client_no_context_takeover"),
    clientMaxWindowBits: bits("server_max_window_bits"),
    clientNoContextTakeover: agreed.has("server_no_context_takeover"),
    answer,
  };
  return new MessageCompression(agreement, runtime);
}
