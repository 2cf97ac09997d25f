/** Answers one HTTP request with what the handler returns. */
import type { HttpScope, Receive, Send } from "../../../asgi.ts";
import { type FetchApp, wrongResponse } from "./fetch_app.ts";
import { responseProblem } from "./response_head.ts";
import { sendResponse } from "./send_response.ts";
import { ServerInfo } from "./server_info.ts";

/** Methods that the Fetch standard forbids: no `Request` can have them. */
const FORBIDDEN_METHOD = /^(connect|trace|track)$/i;

/** Calls the handler and sends its response. What it throws is the server's to answer. */
export async function answerRequest(
  app: FetchApp,
  scope: HttpScope,
  receive: Receive,
  send: Send,
): Promise<void> {
  if (scope.method.length > 4 && FORBIDDEN_METHOD.test(scope.method)) {
    return await refuse(send, 501);
  }
  const info = new ServerInfo(scope, send, app.logger);
  let request: Request;
  try {
    request = app.newRequest(scope, receive, info);
  } catch {
    // The host is one by RFC 3986 and none to the URL standard, such as `[v1.x]` or `1.2.3.999`.
    return await refuse(send, 400);
  }
  info.attach(request);
  try {
    const returned = app.onError === undefined
      ? app.fetch(request, info)
      : fetchOrExplain(app, request, info);
    // Most handlers of small answers have no need of a promise.
    const response = returned instanceof Response ? returned : await returned;
    const problem = responseProblem(response);
    if (problem !== undefined) throw wrongResponse(scope, problem);
    await sendResponse(response as Response, scope.method, send, info);
  } catch (error) {
    info.onFailed(error);
    throw error;
  }
  const work = info.onCompleted();
  if (work !== undefined) await work;
}

/** Calls the handler; what it throws goes to the application's `error`. */
async function fetchOrExplain(
  app: FetchApp,
  request: Request,
  info: ServerInfo,
): Promise<unknown> {
  try {
    return await app.fetch(request, info);
  } catch (error) {
    return await app.onError!(info, error);
  }
}

async function refuse(send: Send, status: number): Promise<void> {
  const text = status === 501 ? "Not Implemented" : "Bad Request";
  await send({
    type: "http.response.start",
    status,
    headers: [["content-type", "text/plain; charset=utf-8"]],
  });
  await send({ type: "http.response.body", body: text });
}
