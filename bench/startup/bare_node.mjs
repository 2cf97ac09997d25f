/** node:http in a script of its own. Argument: the port. */
import { createServer } from "node:http";
import process from "node:process";

createServer((_, response) => response.end("Hello, world!"))
  .listen(Number(process.argv[2]), "127.0.0.1");
