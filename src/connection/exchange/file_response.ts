/**
 * A file as the response to one request (`http.response.pathsend`): what becomes of the response
 * when it has been sent, when it cannot be, and when the client leaves. file_sender.ts writes it.
 */
import type { HttpResponsePathSendEvent } from "../../asgi.ts";
import type { ApplicationCall } from "./application_call.ts";
import { sendFile } from "./file_sender.ts";
import type { ResponseFlow, ResponseSink } from "./response_sink.ts";

/** The cycle, which owns the order of messages. One of the last three is called at most. */
export interface FileResponseOwner {
  /** The file is closed: other messages are taken again. Comes before what it came to. */
  onFileClosed(): void;
  /** The whole file has been written. */
  onFileSent(): Promise<void>;
  /** The head has been taken back: another response may be sent. */
  onFileTakenBack(): void;
  /** Some bytes of the file have left, and the rest cannot follow. */
  onFileCutOff(): void;
}

/**
 * Sends a file behind the head that has been started.
 *
 * @returns What `send` returns: rejects with what went wrong, or with the disconnect if the options
 * say so.
 */
export async function respondWithFile(
  event: HttpResponsePathSendEvent,
  { stream, flow }: {
    readonly stream: ResponseSink;
    readonly flow: ResponseFlow;
  },
  call: ApplicationCall,
  owner: FileResponseOwner,
): Promise<void> {
  try {
    await sendFile(event, stream, {
      openFile: call.context.openFile,
      afterWrite: (bytes) => flow.afterWrite(bytes),
      hasSentAll: () => flow.queuedBytes === 0,
      checkGone: () => {
        if (call.disconnectError !== undefined) throw call.disconnectError;
      },
    });
  } catch (error) {
    owner.onFileClosed();
    const gone = call.disconnectError;
    if (error === gone && !call.context.settings.raisesAfterDisconnect) return;
    if (gone === undefined) onFailed(stream, owner);
    throw error;
  }
  owner.onFileClosed();
  // The client may have left since the last piece: nothing is left to complete.
  if (call.disconnectError === undefined) await owner.onFileSent();
}

function onFailed(stream: ResponseSink, owner: FileResponseOwner): void {
  if (stream.isHeadOpen) {
    // As if nothing had been sent, so that another answer can be.
    stream.retract();
    owner.onFileTakenBack();
  } else if (stream.bodyBytes > 0) {
    owner.onFileCutOff();
  }
}
