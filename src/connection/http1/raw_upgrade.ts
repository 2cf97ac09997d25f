/**
 * An upgrade whose protocol the application speaks (RFC 9110 §7.8): bytes go through as they are.
 * Offered with the scope of the request; nothing happens until the application takes it.
 */
import type { RawConnection, RawHandler } from "../../asgi.ts";
import { keepBytes } from "../../bytes/keep_bytes.ts";
import type { AbortReason } from "../../logging/access/request_record.ts";
import type { Socket } from "../../runtime/types.ts";
import { logFailure } from "../containment.ts";
import type {
  OfferedUpgrade,
  OfferedUpgradeOwner,
  ServerContext,
} from "../context.ts";
import { reportClosed } from "../scope/connection_info.ts";
import { ofClient } from "../scope/request_origin.ts";
import { WriteStall, type WriteStallOwner } from "../output/write_stall.ts";
import type { TrackedConnection } from "../tracking/open_connections.ts";

const SWITCHING_PROTOCOLS = 101;
/** What is logged for a client that left without an answer. */
const CLIENT_CLOSED = 499;

/** One connection that may be taken over, and then is. */
export class RawUpgrade
  implements OfferedUpgrade, RawConnection, TrackedConnection, WriteStallOwner {
  /** See {@linkcode TrackedConnection}. */
  listIndex = -1;
  /** See {@linkcode TrackedConnection}. */
  clientHost: string | undefined;
  /** Bytes handed to the socket. */
  #writtenBytes = 0;
  readonly #owner: OfferedUpgradeOwner;
  readonly #context: ServerContext;
  #socket: Socket | undefined;
  #handler: RawHandler | undefined;
  #stall: WriteStall | undefined;
  /** What was read behind the request, until the application has its connection. */
  #early: Uint8Array | undefined;
  #isAnswered = false;
  #blamed: AbortReason | undefined;

  constructor(owner: OfferedUpgradeOwner, context: ServerContext) {
    this.#owner = owner;
    this.#context = context;
  }

  // -- The application's side.

  takeOver(handler: RawHandler): RawConnection {
    this.#handler = handler;
    this.#owner.takeOver(this);
    return this;
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (socket === undefined) return true;
    if (!this.#isAnswered) this.#answer(statusOf(bytes), undefined);
    this.#writtenBytes += bytes.length;
    const hasLeft = socket.write(bytes);
    if (!hasLeft) this.#stall!.start();
    return hasLeft;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  end(): void {
    this.#socket?.end();
  }

  destroy(): void {
    this.#socket?.destroy();
  }

  #answer(status: number, cause: AbortReason | undefined): void {
    if (this.#isAnswered) return;
    this.#isAnswered = true;
    this.#owner.onAnswered(status, cause);
  }

  // -- The connection's side.

  /** See {@linkcode OfferedUpgrade}. */
  start(
    socket: Socket,
    { early, hasEnded }: {
      readonly early: Uint8Array;
      readonly hasEnded: boolean;
    },
    clientHost: string | undefined,
  ): void {
    const { deadlines, settings, tracker, afterTurn } = this.#context;
    this.#socket = socket;
    this.clientHost = clientHost;
    this.#stall = new WriteStall(this, deadlines, settings.stallMs, this);
    tracker.connections.add(this);
    if (early.length === 0 && !hasEnded) return;
    this.#early = early;
    // The application gets its connection first.
    afterTurn(() => {
      this.#deliverEarly();
      if (hasEnded && this.#socket !== undefined) this.onEnd();
    });
  }

  /** What came ahead, before anything that comes now. */
  #deliverEarly(): void {
    const early = this.#early;
    this.#early = undefined;
    if (early !== undefined && early.length > 0) this.onData(early);
  }

  /** See `Sending`. */
  get queuedBytes(): number {
    return this.#socket?.queuedBytes ?? 0;
  }

  /** See `Sending`. */
  get sentBytes(): number {
    return this.#writtenBytes - this.queuedBytes;
  }

  onData(bytes: Uint8Array): void {
    try {
      if (this.#early !== undefined) this.#deliverEarly();
      const isLent = this.#socket?.isLending ?? false;
      this.#handler!.onData(keepBytes(bytes, 0, bytes.length, isLent));
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onDrain(): void {
    try {
      this.#stall?.stop();
      this.#handler!.onDrain();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onEnd(): void {
    try {
      this.#handler!.onEnd();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onClose(): void {
    try {
      this.#socket = undefined;
      this.#stall?.close();
      const { tracker } = this.#context;
      tracker.connections.delete(this);
      reportClosed(this.#owner.info, this.#context);
      this.#answer(CLIENT_CLOSED, this.#blamed ?? "client_disconnected");
      this.#owner.cycle.onYieldedEnd();
      this.#handler!.onClose();
      tracker.onProgress();
    } catch (thrown) {
      this.onFailure(thrown);
    }
  }

  onWriteStall(): void {
    this.#context.logger.info(
      ofClient(this.#owner.origin, "Closed: the client does not read"),
    );
    this.#blamed ??= "client_stalled";
    this.destroy();
  }

  /** Something of ours threw, or of the handler, which may not: this connection ends. */
  onFailure(thrown: unknown): void {
    logFailure(this.#context.logger, thrown);
    this.#blamed ??= "server_error";
    this.destroy();
  }

  // -- The server's side.

  get isBusy(): boolean {
    return this.#socket !== undefined;
  }

  /** It counts as one: it lasts, and nothing is owed to it. */
  get isWebSocket(): boolean {
    return true;
  }

  /** What it would be told is of its own protocol: the application's to do, by the drain signal. */
  drain(): void {}

  abort(): void {
    this.#blamed ??= "shutdown";
    this.#context.afterTurn(() => this.destroy());
    this.end();
  }
}

/** The status of an answer in HTTP, as far as its first bytes show; else that of an upgrade. */
function statusOf(bytes: Uint8Array): number {
  const text = String.fromCharCode(...bytes.subarray(0, 12));
  const [, status] = /^HTTP\/1\.[01] (\d{3})$/.exec(text) ?? [];
  return status === undefined ? SWITCHING_PROTOCOLS : Number(status);
}

/** See `ServerContext.newRawUpgrade`. */
export function newRawUpgrade(
  owner: OfferedUpgradeOwner,
  context: ServerContext,
): OfferedUpgrade {
  return new RawUpgrade(owner, context);
}
