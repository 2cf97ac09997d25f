/** What the raw sockets answer to whatever they read: about as many bytes as a server sends. */
export const FIXED_ANSWER: Uint8Array<ArrayBuffer> = new TextEncoder().encode(
  "HTTP/1.1 200 OK\r\n" +
    "date: Sat, 01 Jan 2000 00:00:00 GMT\r\n" +
    "server: tricorn\r\n" +
    "content-type: text/plain\r\n" +
    "content-length: 13\r\n" +
    "\r\n" +
    "Hello, world!",
);
