/** How a request leads to its handshake. */

/**
 * Under this key a request gives its handshake. Registered, so that an application that has loaded
 * this package twice still finds it.
 */
export const UPGRADE: unique symbol = Symbol.for("tricorn.websocket");
