/** The order of the messages that make up one response, as a table. */

/** How far a response has come. */
export type ResponseState =
  | "unsent"
  | "started"
  | "streaming"
  | "trailers"
  | "complete";

/** What a message does to a response. */
export type SendKind =
  | "interim"
  | "start"
  | "body"
  | "lastBody"
  | "lastBodyBeforeTrailers"
  | "file"
  | "fileBeforeTrailers"
  | "trailers"
  | "lastTrailers";

/** State after a message; `undefined` if the message is not allowed then. */
export function nextState(
  state: ResponseState,
  kind: SendKind,
): ResponseState | undefined {
  switch (kind) {
    case "start":
      return state === "unsent" ? "started" : undefined;
    case "interim":
      return state === "complete" ? undefined : state;
    case "body":
      return isInBody(state) ? "streaming" : undefined;
    case "lastBody":
      return isInBody(state) ? "complete" : undefined;
    case "lastBodyBeforeTrailers":
      return isInBody(state) ? "trailers" : undefined;
    case "file":
      return state === "started" ? "complete" : undefined;
    case "fileBeforeTrailers":
      return state === "started" ? "trailers" : undefined;
    case "trailers":
      return state === "trailers" ? "trailers" : undefined;
    case "lastTrailers":
      return state === "trailers" ? "complete" : undefined;
  }
}

function isInBody(state: ResponseState): boolean {
  return state === "started" || state === "streaming";
}

/** The message that each state expects, for the error that says so; `""` if none. */
export const EXPECTED: Readonly<Record<ResponseState, string>> = {
  unsent: "http.response.start",
  started: "http.response.body",
  streaming: "http.response.body",
  trailers: "http.response.trailers",
  complete: "",
};
