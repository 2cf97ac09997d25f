/**
 * One response as the exchange writes it, whatever the version of HTTP. The exchange decides what
 * comes in which order; the sink frames and encodes it, and refuses what does not fit.
 */
import type { BodyInput, HeaderInput, HeaderList } from "../../asgi.ts";

/** What a call found wrong; nothing of the call was written unless `isPartial`. */
export interface StreamProblem {
  readonly message: string;
  /** Whether bytes of this call have been written all the same. */
  readonly isPartial: boolean;
}

/** Where a response leaves: how a sender learns that more may be written. */
export interface ResponseFlow {
  /** Something was written, in bytes: resolves when more may be. */
  afterWrite(bytes: number): Promise<void>;
  /** Bytes handed to the socket that it still holds. */
  readonly queuedBytes: number;
  /** Sends what was written at once, as an interim response needs. */
  flush(): void;
}

/** One response. Its head is opened, ended with what is known of the body, and so committed. */
export interface ResponseSink {
  /** Whether the peer speaks HTTP/1.0: no interim responses, no trailers. */
  readonly isHttp10: boolean;
  /** Whether the request was HEAD: the head of its answer is that of GET (RFC 9110 §9.3.2). */
  readonly isHead: boolean;
  /** Whether a body given would be dropped because of the status, not because of HEAD. */
  readonly forbidsBody: boolean;
  /** Whether trailers were promised with the head, so that the body does not end the response. */
  readonly promisesTrailers: boolean;
  /** Whether `start` was taken and the end of the head is not written: it can still be replaced. */
  readonly isHeadOpen: boolean;
  /** Whether the head is on its way, so that nothing can take it back. */
  readonly isHeadCommitted: boolean;
  /** Of the last `start`; 0 before it. */
  readonly status: number;
  /** Body bytes written, framing not counted. */
  readonly bodyBytes: number;
  /** The `content-length` the application gave and is held to, in bytes; -1 if none. */
  readonly declaredLength: number;
  /** Opens the head. @returns What is wrong with the fields, or `undefined`. */
  start(
    status: number,
    headers: HeaderInput,
    promisesTrailers: boolean,
  ): string | undefined;
  /** Takes an open head back, so that another can take its place. */
  retract(): void;
  /** Ends the head. @param wholeSize Of the body, in bytes, sent or not; -1 if it is not known. */
  endHead(wholeSize: number): void;
  /** Takes a piece of the body, and ends an open head with it. */
  write(body: BodyInput, isLast: boolean): StreamProblem | undefined;
  /** Takes trailer fields. @returns What is wrong with them, or `undefined`. */
  addTrailers(fields: HeaderInput): string | undefined;
  /** Ends a body whose trailers were promised. */
  endWithTrailers(): void;
  /**
   * Writes an interim response in front of a head that has not left.
   *
   * @returns What is wrong with the fields, or `undefined`.
   */
  writeInterim(status: number, headers: HeaderInput): string | undefined;
  /** Writes a whole response of the server's own, in place of a head that is open. */
  writeWhole(status: number, text?: string, headers?: HeaderList): void;
}
