/** Every HTTP limit: default, unit, reason. */

/** What one peer may make large. */
export interface HttpLimits {
  /** Bytes of a request head: request line, fields and the empty line. */
  readonly maxHeadBytes: number;
  /** Bytes of a request target. */
  readonly maxTargetBytes: number;
  /** Fields of a request head. */
  readonly maxHeaders: number;
  /** Bytes of the line that opens a chunk, extensions and CRLF included. */
  readonly maxChunkLineBytes: number;
  /** Bytes of a trailer section. */
  readonly maxTrailerBytes: number;
  /** Fields of a trailer section. */
  readonly maxTrailers: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  // Apache, nginx and Node stop between 8 and 32 KiB, and people with single sign-on cookies run
  // into that; 64 KiB holds every cookie a browser can send, and is what one connection may cost.
  maxHeadBytes: 64 * 1024,
  // nginx: 8 KiB by default. Search forms and signed URLs come to 8, nothing real to 16.
  maxTargetBytes: 16 * 1024,
  // Apache and Gunicorn: 100. A browser behind two proxies sends 40 to 60.
  maxHeaders: 128,
  // Nobody sends chunk extensions; hex digits of 2^53 are 14.
  maxChunkLineBytes: 256,
  // A signature and two checksums fit ten times.
  maxTrailerBytes: 8 * 1024,
  maxTrailers: 32,
};
