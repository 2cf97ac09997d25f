/** The two windows of one compressed WebSocket, made when they are first needed. */
import type { MessageDeflater, MessageInflater } from "../../runtime/types.ts";
import type { DeflateAgreement } from "../../websocket/permessage_deflate.ts";

/** Makes windows: 100 to 170 kB for each deflater, 17 to 29 kB for each inflater. */
export interface CompressionFactory {
  readonly createDeflater: (bits: number, keeps: boolean) => MessageDeflater;
  readonly createInflater: (bits: number, keeps: boolean) => MessageInflater;
}

/** Compression as it was agreed on for one WebSocket. */
export class MessageCompression {
  readonly #agreement: DeflateAgreement;
  readonly #factory: CompressionFactory;
  #deflater: MessageDeflater | undefined;
  #inflater: MessageInflater | undefined;

  constructor(agreement: DeflateAgreement, factory: CompressionFactory) {
    this.#agreement = agreement;
    this.#factory = factory;
  }

  /** Compresses one message. */
  deflate(message: Uint8Array): Uint8Array {
    const { serverMaxWindowBits, serverNoContextTakeover } = this.#agreement;
    this.#deflater ??= this.#factory.createDeflater(
      serverMaxWindowBits,
      !serverNoContextTakeover,
    );
    return this.#deflater.deflate(message);
  }

  /** Inflates one message into at most `maxBytes`. */
  inflate(
    payload: Uint8Array,
    maxBytes: number,
  ): Uint8Array | "tooBig" | "bad" {
    const { clientMaxWindowBits, clientNoContextTakeover } = this.#agreement;
    this.#inflater ??= this.#factory.createInflater(
      clientMaxWindowBits,
      !clientNoContextTakeover,
    );
    return this.#inflater.inflate(payload, maxBytes);
  }

  /** Releases both windows. */
  close(): void {
    this.#deflater?.close();
    this.#inflater?.close();
  }
}
