// Holds connections that send a byte a second, of a head or of a body, and opens those anew that
// the server gives up. Arguments: the port, "head" or "body", how many. Ends when it is told to.
//
// Each has its own moment of the second: all at once they would keep this core, where the ordinary
// client runs too, for a hundredth of the time, which is what its 99th percentile shows.
import { connect } from "node:net";
import process from "node:process";

const [port, part, count] = process.argv.slice(2);
const FIRST = part === "head"
  ? "GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: "
  : "POST /discard HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000000\r\n\r\n";

let held = 0;

function open(isFirst) {
  const socket = connect(Number(port), "127.0.0.1");
  let timer;
  socket.on("connect", () => {
    socket.write(FIRST);
    timer = setTimeout(() => {
      timer = setInterval(() => socket.write("x"), 1_000);
    }, Math.random() * 1_000);
    if (isFirst && ++held === Number(count)) console.log("ready");
  });
  socket.on("data", () => {});
  socket.on("error", () => {});
  socket.on("close", () => {
    clearTimeout(timer); // either of them
    setTimeout(() => open(false), 100);
  });
}

for (let i = 0; i < Number(count); i++) open(true);
process.on("SIGTERM", () => process.exit(0));
