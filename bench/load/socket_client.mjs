// Asks "/" over 50 kept connections, TCP or UNIX, until time is up. Prints how many were answered.
// Arguments: a port or a path, the seconds.
import { connect } from "node:net";
import process from "node:process";

const CONNECTIONS = 50;
const [where, seconds] = process.argv.slice(2);
const REQUEST = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const END = "Hello, world!";
const isPort = /^\d+$/.test(where);

let answered = 0;
let isOver = false;

function open() {
  const socket = isPort ? connect(Number(where), "127.0.0.1") : connect(where);
  socket.setEncoding("latin1");
  let tail = "";
  socket.on("connect", () => socket.write(REQUEST));
  socket.on("data", (text) => {
    tail = (tail + text).slice(-END.length);
    if (tail !== END) return;
    tail = "";
    answered++;
    if (isOver) socket.destroy();
    else socket.write(REQUEST);
  });
  socket.on("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
}

for (let i = 0; i < CONNECTIONS; i++) open();
setTimeout(() => {
  isOver = true;
  console.log(JSON.stringify({ answered }));
  setTimeout(() => process.exit(0), 200);
}, Number(seconds) * 1_000);
