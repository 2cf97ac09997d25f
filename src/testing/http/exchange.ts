/** One request and its response on a connection of a test client. */
import { ConnectionLost } from "../errors.ts";
import type { TestConnection } from "../test_connection.ts";
import { type Outgoing, sendBody } from "./outgoing.ts";
import { BodyReader, readHead, type ResponseHead } from "./response_reader.ts";
import {
  headersOf,
  type InformationalResponse,
  TestResponse,
} from "./test_response.ts";

/** How an exchange ends. */
export interface ExchangeEnd {
  /** Whether the connection goes on after a response that was read to its end. */
  readonly keepsConnection: boolean;
  /** Cuts the exchange off. */
  readonly signal: AbortSignal | undefined;
}

/** An answer, not made into anything yet. */
export interface Answer {
  readonly head: ResponseHead;
  readonly informational: readonly InformationalResponse[];
}

/**
 * Sends `request`, and resolves as soon as the head of the answer has come; the body is sent and
 * read meanwhile and afterwards.
 */
export async function exchange(
  connection: TestConnection,
  request: Outgoing,
  { keepsConnection, signal }: ExchangeEnd,
): Promise<TestResponse> {
  signal?.throwIfAborted();
  const abort = (): void => connection.reset();
  signal?.addEventListener("abort", abort, { once: true });
  const release = (): void => {
    connection.isBusy = false;
    signal?.removeEventListener("abort", abort);
  };
  connection.isBusy = true;
  const upload = new Upload(connection, request);
  try {
    const { head, informational } = await readAnswer(
      connection,
      () => upload.onContinue(),
    );
    upload.onContinue(); // who has been answered need not be told to go on
    const body = new BodyReader(connection.inbound, head, request.method);
    return new TestResponse({
      head,
      informational,
      url: request.url,
      body,
      onEnd: (outcome) => {
        release();
        if (outcome === "cancelled") connection.reset();
        else if (
          outcome === "broken" || !keepsConnection || body.endsConnection
        ) connection.close();
      },
    });
  } catch (error) {
    release();
    if (!keepsConnection) connection.close();
    if (signal?.aborted) throw signal.reason;
    throw upload.failure ?? error;
  }
}

/** Reads up to the head of the final response. @param onContinue Called for a 100. */
export async function readAnswer(
  { inbound }: TestConnection,
  onContinue: () => void = () => {},
): Promise<Answer> {
  const informational: InformationalResponse[] = [];
  for (;;) {
    const head = await readHead(inbound);
    const { status, fields } = head;
    // A 101 is the last response of its connection (RFC 9110 §15.2.2).
    if (status >= 200 || status === 101) return { head, informational };
    if (status === 100) onContinue();
    informational.push({ status, headers: headersOf(fields) });
  }
}

/** A request that leaves while its answer comes. */
class Upload {
  /** What the body of the request failed with; `undefined` if it did not. */
  failure: unknown;
  readonly #continued = Promise.withResolvers<void>();

  constructor(connection: TestConnection, request: Outgoing) {
    if (!request.expectsContinue) this.#continued.resolve();
    void this.#send(connection, request);
  }

  /** The body may leave. */
  onContinue(): void {
    this.#continued.resolve();
  }

  async #send(connection: TestConnection, request: Outgoing): Promise<void> {
    const write = (bytes: Uint8Array) => connection.write(bytes);
    try {
      await write(request.head);
      await this.#continued.promise;
      await sendBody(request.body, write);
    } catch (error) {
      // The server may answer and close without having read it all: the answer counts.
      if (error instanceof ConnectionLost) return;
      this.failure = error;
      connection.reset();
    }
  }
}
