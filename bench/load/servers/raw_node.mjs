// The floor of node:net on any runtime: a fixed answer for each read, nothing parsed.
// Argument: the port.
import { createServer } from "node:net";
import process from "node:process";
import { FIXED_ANSWER } from "./fixed_answer.ts";

createServer({ noDelay: true }, (connection) => {
  connection.on("data", () => connection.write(FIXED_ANSWER));
  connection.on("error", () => connection.destroy()); // the load generator closes without ceremony
}).listen(Number(process.argv[2]), "127.0.0.1");
