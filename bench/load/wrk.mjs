// The load generator, and the check of what it counted.
import { join } from "node:path";
import { ROOT } from "./machine.mjs";
import { runClient } from "./processes.mjs";

const REPORT = join(ROOT, "bench/load/report.lua");

/**
 * Loads `server` for `seconds` and checks the count: every answer must have been 2xx, every
 * connection must have held, and the bytes received must be those of `answerSize` times the
 * requests, give or take what was on its way when time was up.
 *
 * @returns requests, seconds, p50Us, p99Us.
 */
export async function runWrk(server, load, { seconds, answerSize }) {
  const { path, method = "GET", headers = [], body = "", connections } = load;
  const { depth = 1 } = load;
  const args = [
    "-t",
    "1",
    "-c",
    String(connections),
    "-d",
    `${seconds}s`,
    "--latency",
  ];
  for (const [name, value] of headers) args.push("-H", `${name}: ${value}`);
  args.push("-s", REPORT, `http://127.0.0.1:${server.port}${path}`);
  args.push("--", method, String(body.length), String(depth));
  const output = await runClient(["wrk", ...args], seconds * 1_000 + 15_000);
  const line = output.match(/^\{.*\}$/m)?.[0];
  if (line === undefined) {
    throw new Error(`Cannot read wrk's report: ${output}`);
  }
  const counted = JSON.parse(line);
  for (const kind of ["connect", "read", "write", "status", "timeout"]) {
    if (counted[kind] > 0) throw new Error(`${counted[kind]} ${kind} errors`);
  }
  if (counted.requests === 0) throw new Error("no request answered");
  const least = counted.requests * answerSize;
  const most = least + connections * depth * answerSize;
  if (counted.bytes < least || counted.bytes > most) {
    throw new Error(
      `${counted.bytes} bytes received, expected ${least} to ${most}`,
    );
  }
  return {
    requests: counted.requests,
    seconds: counted.microseconds / 1e6,
    p50Us: counted.p50,
    p99Us: counted.p99,
  };
}
