/** Those who are told what happens on one server, by what each of them wants to hear. */
import type { HttpScope, WebSocketScope } from "../../asgi.ts";
import type {
  RecordNeeds,
  RequestRecord,
} from "../../logging/access/request_record.ts";
import type {
  ConnectionRefusal,
  ObservedConnection,
  ServerObserver,
  WebSocketEnd,
} from "./server_observer.ts";

/**
 * All observers of one server. Its flags are read where the work is done, so that what nobody hears
 * of costs one look at a flag.
 */
export class Observers {
  /** Whether one hears of requests, at their start or their end. */
  observesRequests = false;
  /** Whether one that hears of their end wants durations of less than a millisecond. */
  areTimesExact = false;
  /** Whether one hears of the start of requests. */
  observesStarts = false;
  /** Whether one hears of connections or TLS handshakes. */
  observesConnections = false;
  /** Whether one hears of WebSockets. */
  observesWebSockets = false;
  /** What records need; `undefined` for nothing that costs extra. */
  needs: RecordNeeds | undefined;
  readonly #all: ServerObserver[] = [];
  readonly #requests: ServerObserver[] = [];

  /** Tells `observer` as well, after those that are there. */
  add(observer: ServerObserver): void {
    const {
      needs,
      onRequestStart,
      onRequestEnd,
      onConnectionOpen,
      onConnectionClose,
      onTlsHandshake,
      onWebSocketOpen,
      onWebSocketMessage,
      onWebSocketClose,
    } = observer;
    this.#all.push(observer);
    if (onRequestStart !== undefined || onRequestEnd !== undefined) {
      this.#requests.push(observer);
      this.observesRequests = true;
    }
    if (onRequestStart !== undefined) this.observesStarts = true;
    if (onRequestEnd !== undefined && needs?.coarseTimes !== true) {
      this.areTimesExact = true;
    }
    if (onConnectionOpen ?? onConnectionClose ?? onTlsHandshake) {
      this.observesConnections = true;
    }
    if (onWebSocketOpen ?? onWebSocketMessage ?? onWebSocketClose) {
      this.observesWebSockets = true;
    }
    if (needs?.firstByte || needs?.responseFields) {
      this.needs = {
        firstByte: needs.firstByte || this.needs?.firstByte === true,
        responseFields: needs.responseFields ||
          this.needs?.responseFields === true,
      };
    }
  }

  /** @returns What each observer of requests returned, for {@linkcode onRequestEnd}. */
  onRequestStart(scope: HttpScope | WebSocketScope): readonly unknown[] {
    return this.#requests.map((one) => one.onRequestStart?.(scope));
  }

  /** @param started Of the same request; `undefined` if its application was not called. */
  onRequestEnd(
    record: RequestRecord,
    started: readonly unknown[] | undefined,
  ): void {
    const requests = this.#requests;
    for (let at = 0; at < requests.length; at++) {
      requests[at]!.onRequestEnd?.(record, started?.[at]);
    }
  }

  onConnectionOpen(connection: ObservedConnection): void {
    for (const one of this.#all) one.onConnectionOpen?.(connection);
  }

  onConnectionClose(connection: ObservedConnection, durationMs: number): void {
    for (const one of this.#all) {
      one.onConnectionClose?.(connection, durationMs);
    }
  }

  onConnectionRefused(reason: ConnectionRefusal): void {
    for (const one of this.#all) one.onConnectionRefused?.(reason);
  }

  onTlsHandshake(isComplete: boolean, durationMs: number): void {
    for (const one of this.#all) one.onTlsHandshake?.(isComplete, durationMs);
  }

  onFault(code: Parameters<NonNullable<ServerObserver["onFault"]>>[0]): void {
    for (const one of this.#all) one.onFault?.(code);
  }

  onWebSocketOpen(): void {
    for (const one of this.#all) one.onWebSocketOpen?.();
  }

  onWebSocketMessage(direction: "received" | "sent", bytes: number): void {
    for (const one of this.#all) one.onWebSocketMessage?.(direction, bytes);
  }

  /** @param started Of its handshake. */
  onWebSocketClose(
    end: WebSocketEnd,
    started: readonly unknown[] | undefined,
  ): void {
    for (const one of this.#all) {
      one.onWebSocketClose?.(end, started?.[this.#requests.indexOf(one)]);
    }
  }
}

/**
 * The same observer, of which nothing that is thrown gets out.
 *
 * @param onError Is given the first error alone: one that throws will do so for each request.
 */
export function containedObserver(
  observer: ServerObserver,
  onError: (error: unknown) => void,
): ServerObserver {
  let hasFailed = false;
  const contained: Record<string, unknown> = { needs: observer.needs };
  for (const name of NAMES) {
    const method = observer[name] as
      | ((...given: readonly unknown[]) => unknown)
      | undefined;
    if (method === undefined) continue;
    contained[name] = (...given: readonly unknown[]) => {
      try {
        return method.apply(observer, given as unknown[]);
      } catch (error) {
        if (!hasFailed) onError(error);
        hasFailed = true;
        return undefined;
      }
    };
  }
  return contained as ServerObserver;
}

const NAMES = [
  "onConnectionOpen",
  "onConnectionClose",
  "onConnectionRefused",
  "onTlsHandshake",
  "onRequestStart",
  "onRequestEnd",
  "onFault",
  "onWebSocketOpen",
  "onWebSocketMessage",
  "onWebSocketClose",
] as const satisfies readonly (keyof ServerObserver)[];
