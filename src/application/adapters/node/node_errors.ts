/**
 * Errors as `node:http` and `node:stream` have them: programs and middleware look at their `code`,
 * so code and wording are those of Node.
 */

/** An error with a `code`. */
export interface NodeError extends Error {
  /** Such as `ERR_HTTP_HEADERS_SENT`. */
  code: string;
}

function withCode<E extends Error>(error: E, code: string): E & NodeError {
  return Object.assign(error, { code });
}

/** A change of the head after it was sent. @param verb Such as "set". */
export function headersSent(verb: string): NodeError {
  return withCode(
    new Error(`Cannot ${verb} headers after they are sent to the client`),
    "ERR_HTTP_HEADERS_SENT",
  );
}

/** A status that is none. */
export function invalidStatus(status: unknown): NodeError {
  return withCode(
    new RangeError(`Invalid status code: ${String(status)}`),
    "ERR_HTTP_INVALID_STATUS_CODE",
  );
}

/** A write behind the end of the response. */
export function writeAfterEnd(): NodeError {
  return withCode(new Error("write after end"), "ERR_STREAM_WRITE_AFTER_END");
}

/** A second end of a response that is finished. */
export function alreadyFinished(): NodeError {
  return withCode(
    new Error("Cannot call end after a stream was finished"),
    "ERR_STREAM_ALREADY_FINISHED",
  );
}

/** A write to a response that was destroyed. @param method Such as "write". */
export function destroyed(method: string): NodeError {
  return withCode(
    new Error(`Cannot call ${method} after a stream was destroyed`),
    "ERR_STREAM_DESTROYED",
  );
}

/** A piece of a body that is `null`. */
export function nullChunk(): NodeError {
  return withCode(
    new TypeError("May not write null values to stream"),
    "ERR_STREAM_NULL_VALUES",
  );
}

/** An argument of a wrong type. @param wanted Such as "of type string". */
export function wrongType(
  name: string,
  wanted: string,
  value: unknown,
): NodeError {
  const got = value === null || value === undefined
    ? String(value)
    : typeof value === "object"
    ? `an instance of ${value.constructor?.name ?? "Object"}`
    : `type ${typeof value} (${String(value)})`;
  return withCode(
    new TypeError(
      `The "${name}" argument must be ${wanted}. Received ${got}`,
    ),
    "ERR_INVALID_ARG_TYPE",
  );
}

/** The client has left in the middle of its request. */
export function connectionReset(): NodeError {
  return withCode(new Error("aborted"), "ECONNRESET");
}
