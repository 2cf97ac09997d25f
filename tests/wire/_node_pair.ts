/**
 * One application behind the runtime's own `node:http` server and behind ours, in this process, and
 * what both answer to the same bytes.
 */
import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { serve, type ServeOptions } from "../../src/serve.ts";
import {
  type ClientTarget,
  RawClient,
  type RawResponse,
} from "../_support/raw_client.ts";

/** An application, as its framework has it, and as `node:http` takes it. */
export interface PairApp {
  readonly app: unknown;
  readonly listener: RequestListener;
  /** Ends what the framework holds. */
  close?(): unknown;
}

/** Both servers; there from the first test of the file on. */
export interface Pair {
  readonly ours: ClientTarget;
  readonly native: ClientTarget;
  /** What the log of ours had to say. */
  readonly server: ReturnType<typeof serve>;
}

/** What is served quietly, on a port of its own. */
export const QUIET: ServeOptions = {
  port: 0,
  logLevel: "critical",
  accessLog: false,
};

/** Starts both before the tests of a file, and ends them behind them. */
export function sharedPair(make: () => Promise<PairApp>): Pair {
  let native: Server | undefined;
  let made: PairApp | undefined;
  const pair: { -readonly [K in keyof Pair]?: Pair[K] } = {};
  before(async () => {
    made = await make();
    native = createServer(made.listener);
    await new Promise<void>((resolve) =>
      native!.listen(0, "127.0.0.1", resolve)
    );
    const { port } = native.address() as AddressInfo;
    pair.native = { host: "127.0.0.1", port };
    pair.server = serve(made.app as never, QUIET);
    const [address] = await pair.server.listening;
    assert.ok(address.kind === "tcp");
    pair.ours = { host: "127.0.0.1", port: address.port };
  });
  after(async () => {
    await pair.server?.stop({ timeout: 5 });
    native?.close();
    native?.closeAllConnections();
    await made?.close?.();
  });
  return pair as Pair;
}

/** A request with a host, and what else is given. */
export function requestText(
  line: string,
  headers: readonly string[] = [],
  body = "",
): string {
  const length = body === "" ||
      headers.some((one) => /^(transfer-encoding|content-length):/i.test(one))
    ? []
    : [`Content-Length: ${body.length}`];
  const lines = [
    `${line} HTTP/1.1`,
    "Host: example.test:8080",
    ...headers,
    ...length,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** All responses to one request, interim ones too. */
export async function responsesTo(
  target: ClientTarget,
  text: string,
): Promise<RawResponse[]> {
  const client = await RawClient.connect(target);
  try {
    client.send(text);
    const method = text.split(" ", 1)[0]!;
    const responses: RawResponse[] = [];
    for (;;) {
      const response = await client.readResponse({ method });
      // The server asks for a body as soon as it is needed, and not if it has come already.
      if (response.status !== 100) responses.push(response);
      if (response.status >= 200) return responses;
    }
  } finally {
    client.close();
  }
}

/** Fields that are the server's and not the application's, on either side. */
const SERVERS_OWN = new Set([
  "connection",
  "content-length",
  "date",
  "keep-alive",
  "server",
  "transfer-encoding",
]);

/** What of a response is the application's. */
export interface Essence {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [string, string])[];
  readonly isComplete: boolean;
}

/** Takes the application's part out of a response. */
export function essence(response: RawResponse): Essence {
  return {
    status: response.status,
    headers: response.headers
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !SERVERS_OWN.has(name)),
    body: response.body,
    trailers: response.trailers.map(([name, value]) =>
      [name.toLowerCase(), value] as const
    ),
    isComplete: response.isComplete,
  };
}

/** One row of a table of requests. */
export interface Row {
  readonly name: string;
  readonly text: string;
  /** Changes what is compared, for what is known to differ. */
  readonly adjust?: (seen: Essence) => unknown;
  /** Where the runtimes' own servers are no yardstick, because they differ: what is expected. */
  readonly expected?: unknown;
}

/** Tests that both answer each row alike. */
export function testRows(pair: Pair, rows: readonly Row[]): void {
  for (
    const { name, text, adjust = (one: Essence): unknown => one, expected }
      of rows
  ) {
    test(name, async () => {
      const ours = (await responsesTo(pair.ours, text)).map(essence);
      if (expected !== undefined) {
        assert.deepEqual(ours.map(adjust), [expected]);
        return;
      }
      const theirs = (await responsesTo(pair.native, text)).map(essence);
      assert.deepEqual(ours.map(adjust), theirs.map(adjust));
    });
  }
}
