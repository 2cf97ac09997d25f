/**
 * One conversation (RFC 6455): messages in, what is owed in return, the closing handshake. Bytes
 * go in by `push`, outcomes come out of `next`; who calls writes the frames.
 */
import { WEBSOCKET_FAULTS, type WebSocketFaultCode } from "../faults.ts";
import { isSendable, NO_STATUS } from "./close_codes.ts";
import { FrameReader, OPCODE } from "./frame_reader.ts";
import type { WebSocketLimits } from "./limits.ts";
import { type Inflate, MessageAssembler } from "./message_assembler.ts";

/** What {@linkcode WebSocketProtocol.next} found. */
export type ProtocolOutcome =
  /** No more to be had from the bytes pushed. */
  | "needMore"
  /** A message: `text` or `binary` is set. */
  | "message"
  /** A ping: a pong with `payload` is owed. */
  | "ping"
  /** A pong with `payload`. */
  | "pong"
  /** The peer's close frame: `closeCode` and `closeReason` are set. Nothing is read any more. */
  | "close"
  /** The peer broke the rule `fault`. Nothing is read any more. */
  | "fault";

/** How far the closing handshake has come (RFC 6455 §7.1). */
type ClosePhase =
  /** Neither side has sent a close frame. */
  | "open"
  /** We have: data that still arrives is dropped. */
  | "sent"
  /** The peer has, or it will never be heard again. */
  | "received";

const NOTHING = new Uint8Array(0);
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A server's view of one WebSocket. */
export class WebSocketProtocol {
  /** Payload of the last ping or pong; the receiver's own. */
  payload: Uint8Array = NOTHING;
  /** The peer's code, {@linkcode NO_STATUS} if its frame had none. */
  closeCode: number = NO_STATUS;
  /** The peer's reason. */
  closeReason = "";
  /** What was wrong, after "fault". */
  fault: WebSocketFaultCode = "BAD_OPCODE";
  /** Payload bytes of messages that have arrived so far, whole or not. */
  messageBytes = 0;
  readonly #frames = new FrameReader();
  readonly #messages: MessageAssembler;
  #phase: ClosePhase = "open";
  #isControl = false;
  /** A control frame's payload, of which `[0, #controlSize)` has arrived. */
  #control: Uint8Array = NOTHING;
  #controlSize = 0;

  /** @param inflate What inflates a message; `undefined` where compression was not agreed on. */
  constructor(limits: WebSocketLimits, inflate: Inflate | undefined) {
    this.#messages = new MessageAssembler(limits, inflate);
  }

  /** The text of the last message; `undefined` if it was binary. */
  get text(): string | undefined {
    return this.#messages.text;
  }

  /** The octets of the last message; `undefined` if it was text. */
  get binary(): Uint8Array | undefined {
    return this.#messages.binary;
  }

  /** Bytes pushed and not read yet. */
  get unreadBytes(): number {
    return this.#frames.unreadBytes;
  }

  /** Hands over what arrived; see {@linkcode FrameReader.push}. */
  push(bytes: Uint8Array, isLent = true): void {
    if (this.#phase !== "received") this.#frames.push(bytes, isLent);
  }

  /** Copies what is unread, so that the lent bytes may go. */
  hold(): void {
    this.#frames.hold();
  }

  /** Our close frame has been written: from here on data is dropped. */
  closeSent(): void {
    if (this.#phase !== "open") return;
    this.#phase = "sent";
    this.#messages.clear();
  }

  /** Reads on. */
  next(): ProtocolOutcome {
    if (this.#phase === "received") return "needMore";
    const frames = this.#frames;
    for (;;) {
      switch (frames.next()) {
        case "needMore":
          return "needMore";
        case "header": {
          this.#isControl = frames.opcode >= OPCODE.CLOSE;
          if (this.#isControl) {
            this.#control = frames.payloadLength === 0
              ? NOTHING
              : new Uint8Array(frames.payloadLength);
            this.#controlSize = 0;
            break;
          }
          // Only the framing of what is dropped must be right: none of it is held, or inflated.
          if (this.#phase === "sent") break;
          const fault = this.#messages.beginFrame(
            frames.opcode,
            frames.isFinal,
            frames.rsv1,
            frames.payloadLength,
          );
          if (fault !== undefined) return this.#fail(fault);
          break;
        }
        case "payload": {
          if (this.#isControl) {
            const { bytes, start, end } = frames;
            this.#control.set(bytes.subarray(start, end), this.#controlSize);
            this.#controlSize += end - start;
            break;
          }
          this.messageBytes += frames.end - frames.start;
          if (this.#phase === "sent") break;
          const fault = this.#messages.add(frames);
          if (fault !== undefined) return this.#fail(fault);
          break;
        }
        case "end": {
          const outcome = this.#isControl
            ? this.#endControl()
            : this.#endData();
          if (outcome !== undefined) return outcome;
          break;
        }
        case "fault":
          return this.#fail(frames.fault);
      }
    }
  }

  #endData(): ProtocolOutcome | undefined {
    if (this.#phase === "sent") return undefined;
    const result = this.#messages.endFrame();
    if (result === false) return undefined;
    return result === true ? "message" : this.#fail(result);
  }

  #endControl(): ProtocolOutcome | undefined {
    const payload = this.#control;
    this.#control = NOTHING;
    switch (this.#frames.opcode) {
      case OPCODE.PING:
        // Nothing may follow our close frame (RFC 6455 §5.5.1), not even a pong.
        if (this.#phase === "sent") return undefined;
        this.payload = payload;
        return "ping";
      case OPCODE.PONG:
        this.payload = payload;
        return "pong";
      default:
        return this.#readClose(payload);
    }
  }

  #readClose(payload: Uint8Array): ProtocolOutcome {
    if (payload.length === 1) return this.#fail("BAD_CLOSE_PAYLOAD");
    if (payload.length >= 2) {
      const code = payload[0] << 8 | payload[1];
      if (!isSendable(code)) return this.#fail("BAD_CLOSE_CODE");
      try {
        this.closeReason = strict.decode(payload.subarray(2));
      } catch {
        return this.#fail("INVALID_CLOSE_REASON");
      }
      this.closeCode = code;
    }
    this.#end();
    return "close";
  }

  #fail(fault: WebSocketFaultCode): ProtocolOutcome {
    this.fault = fault;
    this.closeCode = WEBSOCKET_FAULTS[fault].closeCode;
    this.closeReason = WEBSOCKET_FAULTS[fault].reason;
    this.#end();
    return "fault";
  }

  /** Nothing is read any more, and nothing is held for that. */
  #end(): void {
    this.#phase = "received";
    this.#control = NOTHING;
    this.#frames.clear();
    this.#messages.clear();
  }
}
