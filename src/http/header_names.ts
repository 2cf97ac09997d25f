/** Field names that everybody sends, found by their bytes so that no string need be made. */
import { LOWER } from "./chars.ts";

/** Names in lower case. The ones whose place matters come first: see the constants below. */
export const NAMES: readonly string[] = [
  "", // not a known name
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "expect",
  "te",
  "upgrade",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-proto",
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "access-control-request-headers",
  "access-control-request-method",
  "authorization",
  "baggage",
  "cache-control",
  "cdn-loop",
  "cf-connecting-ip",
  "cf-ipcountry",
  "cf-ray",
  "cf-visitor",
  "content-encoding",
  "content-language",
  "content-type",
  "cookie",
  "date",
  "dnt",
  "downlink",
  "early-data",
  "ect",
  "from",
  "http2-settings",
  "idempotency-key",
  "if-match",
  "if-modified-since",
  "if-none-match",
  "if-range",
  "if-unmodified-since",
  "keep-alive",
  "last-event-id",
  "max-forwards",
  "origin",
  "pragma",
  "priority",
  "proxy-authorization",
  "proxy-connection",
  "purpose",
  "range",
  "referer",
  "rtt",
  "save-data",
  "sec-ch-ua",
  "sec-ch-ua-arch",
  "sec-ch-ua-bitness",
  "sec-ch-ua-full-version",
  "sec-ch-ua-full-version-list",
  "sec-ch-ua-mobile",
  "sec-ch-ua-model",
  "sec-ch-ua-platform",
  "sec-ch-ua-platform-version",
  "sec-fetch-dest",
  "sec-fetch-mode",
  "sec-fetch-site",
  "sec-fetch-user",
  "sec-gpc",
  "sec-websocket-extensions",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "traceparent",
  "tracestate",
  "trailer",
  "true-client-ip",
  "upgrade-insecure-requests",
  "user-agent",
  "via",
  "x-api-key",
  "x-amzn-trace-id",
  "x-client-ip",
  "x-correlation-id",
  "x-csrf-token",
  "x-forwarded-server",
  "x-real-ip",
  "x-request-id",
  "x-requested-with",
];

/** Index of a name in {@linkcode NAMES}. */
export const HOST = 1;
export const CONNECTION = 2;
export const CONTENT_LENGTH = 3;
export const TRANSFER_ENCODING = 4;
export const EXPECT = 5;
export const TE = 6;
export const UPGRADE = 7;
/** Of the fields by which proxies tell of their clients the first and the last. */
export const FORWARDED = 8;
export const X_FORWARDED_PROTO = 13;

const BUCKETS = 512;

function bucketOf(
  length: number,
  first: number,
  middle: number,
  last: number,
): number {
  return (length * 31 + first * 7 + middle * 57 + last * 131) & (BUCKETS - 1);
}

const encoder = new TextEncoder();
const SPELLED: Uint8Array[] = NAMES.map((name) => encoder.encode(name));
/** First name of each bucket, and the next one in the same bucket: 0 ends the chain. */
const HEADS = new Uint8Array(BUCKETS);
const NEXTS = new Uint8Array(NAMES.length);
for (let index = 1; index < NAMES.length; index++) {
  const bytes = SPELLED[index];
  const size = bytes.length;
  const bucket = bucketOf(size, bytes[0], bytes[size >> 1], bytes[size - 1]);
  NEXTS[index] = HEADS[bucket];
  HEADS[bucket] = index;
}

/**
 * Looks up `bytes[start, end)`, in any case.
 *
 * @returns Its index in {@linkcode NAMES}, or 0 if it is not known. The span must not be empty.
 */
export function findName(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const size = end - start;
  const bucket = bucketOf(
    size,
    LOWER[bytes[start]],
    LOWER[bytes[start + (size >> 1)]],
    LOWER[bytes[end - 1]],
  );
  for (let index = HEADS[bucket]; index !== 0; index = NEXTS[index]) {
    const name = SPELLED[index];
    if (name.length !== size) continue;
    let at = 0;
    while (at < size && LOWER[bytes[start + at]] === name[at]) at++;
    if (at === size) return index;
  }
  return 0;
}
