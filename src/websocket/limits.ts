/** Every WebSocket limit: default, unit, reason. */

/** What one peer may make large. */
export interface WebSocketLimits {
  /** Bytes of one message, all fragments together, after inflating. */
  readonly maxMessageBytes: number;
  /**
   * Frames of one message. An empty fragment costs its sender six bytes and adds nothing to the
   * size, so that a limit on bytes alone never ends such a message.
   */
  readonly maxFragments: number;
  /** Inflated bytes for each compressed one, over a message: what is above it is a bomb. */
  readonly maxInflateRatio: number;
  /** Inflated bytes below which the ratio is not looked at. */
  readonly inflateFloorBytes: number;
}

export const DEFAULT_WEBSOCKET_LIMITS: WebSocketLimits = {
  maxMessageBytes: 16 * 1024 * 1024, // as the original
  maxFragments: 128 * 1024, // 16 MiB in fragments of 128 bytes, smaller than any client makes
  // Deflate reaches 1032:1 at the most. JSON with long runs comes to 50, log lines to 100.
  maxInflateRatio: 200,
  inflateFloorBytes: 4 * 1024 * 1024, // as much is held for a slow application anyway
};
