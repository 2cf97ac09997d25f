/** Negotiation of permessage-deflate (RFC 7692 §5, §7): offers in, the agreement out. */
import type { ExtensionOffer } from "./extensions.ts";

/** What client and server agreed on. */
export interface DeflateAgreement {
  /** Whether the server forgets its window after each message. */
  readonly serverNoContextTakeover: boolean;
  /** Whether the client does. */
  readonly clientNoContextTakeover: boolean;
  /** Size of the server's window, as a power of two: 9 to 15. */
  readonly serverMaxWindowBits: number;
  /** Size of the client's, 8 to 15. */
  readonly clientMaxWindowBits: number;
  /** The `sec-websocket-extensions` value of the answer. */
  readonly answer: string;
}

/** What the server would have. */
export interface DeflatePreferences {
  /** Largest window for what the server sends, 9 to 15. */
  readonly serverMaxWindowBits: number;
  /** Largest window for what the client sends, 9 to 15; asked for where the client lets itself be asked. */
  readonly clientMaxWindowBits: number;
  /** Whether windows can be kept at all; if not, both sides are told to forget theirs. */
  readonly keepsContext: boolean;
}

/** A window size: 8 to 15, in decimal without a leading zero (RFC 7692 §7.1.2). */
function windowBits(value: string | undefined): number | undefined {
  if (value === undefined || !/^(?:[89]|1[0-5])$/.test(value)) return undefined;
  return Number(value);
}

/**
 * Takes the first offer that can be met; an offer with a parameter that is unknown, repeated or
 * malformed is declined (RFC 7692 §7.1), and the next one is looked at.
 *
 * @param offers All extensions that the client offers, in order.
 * @returns The agreement, or `undefined` for a connection without compression.
 */
export function negotiateDeflate(
  offers: readonly ExtensionOffer[],
  wishes: DeflatePreferences,
): DeflateAgreement | undefined {
  for (const offer of offers) {
    if (offer.name !== "permessage-deflate") continue;
    const agreement = meet(offer, wishes);
    if (agreement !== undefined) return agreement;
  }
  return undefined;
}

function meet(
  offer: ExtensionOffer,
  wishes: DeflatePreferences,
): DeflateAgreement | undefined {
  const seen = new Set<string>();
  // A server may say either unasked (RFC 7692 §7.1.1), and limit its own window (§7.1.2.1).
  let serverNoContextTakeover = !wishes.keepsContext;
  let clientNoContextTakeover = !wishes.keepsContext;
  let serverBits = wishes.serverMaxWindowBits;
  let isServerLimited = false;
  let clientBits = 15;
  let answersClientBits = false;
  for (const [name, value] of offer.parameters) {
    if (seen.has(name)) return undefined;
    seen.add(name);
    switch (name) {
      case "server_no_context_takeover":
        if (value !== undefined) return undefined;
        serverNoContextTakeover = true;
        break;
      case "client_no_context_takeover":
        if (value !== undefined) return undefined;
        clientNoContextTakeover = true;
        break;
      case "server_max_window_bits": {
        const bits = windowBits(value);
        // zlib makes a window of 8 bits into one of 9, which the client could not read.
        if (bits === undefined || bits === 8) return undefined;
        serverBits = Math.min(serverBits, bits);
        isServerLimited = true;
        break;
      }
      case "client_max_window_bits": {
        const bits = value === undefined ? 15 : windowBits(value);
        if (bits === undefined) return undefined;
        clientBits = Math.min(bits, wishes.clientMaxWindowBits);
        answersClientBits = true;
        break;
      }
      default:
        return undefined;
    }
  }
  let answer = "permessage-deflate";
  if (serverNoContextTakeover) answer += "; server_no_context_takeover";
  if (clientNoContextTakeover) answer += "; client_no_context_takeover";
  if (isServerLimited || serverBits < 15) {
    answer += `; server_max_window_bits=${serverBits}`;
  }
  if (answersClientBits && clientBits < 15) {
    answer += `; client_max_window_bits=${clientBits}`;
  }
  return {
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits: serverBits,
    clientMaxWindowBits: clientBits,
    answer,
  };
}
