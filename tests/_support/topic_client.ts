/** A listener of tests/wire/apps/topics.ts, and what is said to it. */
import { exchange, pause, RawClient, request } from "./raw_client.ts";
import type { ServerProcess } from "./spawn_server.ts";

/** One stream of what is published. */
export class TopicListener {
  readonly #client: RawClient;

  private constructor(client: RawClient) {
    this.#client = client;
  }

  /** Subscribes, and waits until that is done. */
  static async open(server: ServerProcess): Promise<TopicListener> {
    const client = await RawClient.connect(server.target);
    client.send(request("GET /listen"));
    const listener = new TopicListener(client);
    await listener.until("listening ");
    return listener;
  }

  /** Waits until `text` has come. */
  async until(text: string): Promise<void> {
    for (let i = 0; !this.#client.pending.includes(text); i++) {
      if (i > 6000) {
        throw new Error(`"${text}" has not come: ${this.#client.pending}`);
      }
      await pause(10);
    }
  }

  /** Lines that have come, but for the first. */
  get lines(): string[] {
    return this.#client.pending.split("\r\n").flatMap((part) =>
      part.endsWith("\n") ? [part.slice(0, -1)] : []
    ).filter((line) => !line.startsWith("listening "));
  }

  /** The process that serves it. */
  get pid(): number {
    return Number(/listening (\d+)/.exec(this.#client.pending)![1]);
  }

  /** What is told from now on piles up. */
  stopReading(): void {
    this.#client.pause();
  }

  close(): void {
    this.#client.reset();
  }
}

/** Publishes; resolves to the id of the process that has done it. */
export async function say(
  server: ServerProcess,
  text: string,
): Promise<number> {
  const { status, body } = await exchange(
    server.target,
    request("POST /say", [`content-length: ${text.length}`], text),
  );
  if (status !== 200) throw new Error(`POST /say is answered with ${status}`);
  return Number(body);
}
