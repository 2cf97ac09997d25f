/** The phases of a server's life. */

/** How far a server has come. It only moves forward. */
export type ServerPhase =
  /** `start()` has not been called. */
  | "new"
  /** Loads and starts the application, then opens the listening sockets. */
  | "starting"
  /** Accepts connections. */
  | "running"
  /** Shuts down: requests in progress finish, then the application is stopped. */
  | "stopping"
  /** Everything is closed, or the start failed. */
  | "finished";
