/** `CloseEvent`, which Node 22 does not have among its globals. */

interface CloseInit {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;
}

class OwnCloseEvent extends Event {
  readonly code: number;
  readonly reason: string;
  readonly wasClean: boolean;

  constructor(type: string, { code, reason, wasClean }: CloseInit) {
    super(type);
    this.code = code;
    this.reason = reason;
    this.wasClean = wasClean;
  }
}

/** Makes the event that ends a WebSocket. */
export function closeEvent(code: number, reason: string): CloseEvent {
  // 1006: the connection broke, without a close frame (RFC 6455 §7.1.5).
  const init = { code, reason, wasClean: code !== 1006 };
  const Global = (globalThis as { CloseEvent?: typeof CloseEvent }).CloseEvent;
  return Global === undefined
    ? new OwnCloseEvent("close", init)
    : new Global("close", init);
}
