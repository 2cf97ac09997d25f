/**
 * What metrics cost a request, in CPU time: the same requests with and without them take turns in one
 * process, and the differences between neighbours count. Two exchanges one after the other, as
 * cycle_bench.ts has them, differ by more than that from run to run.
 */
import process from "node:process";
import { Requests } from "./requests.ts";
import { GET_HELLO } from "./cases.ts";

const PAIRS = 400;
/** Turns of one side before it is the other's, after some to be compiled. */
const TURNS = 40;
const WARM_UP = 50;

const off = new Requests(GET_HELLO);
const on = new Requests({ ...GET_HELLO, isMeasured: true });
await off.check();
await on.check();

const sides: [number[], number[]] = [[], []];
const differences: number[] = [];
for (let pair = -WARM_UP; pair < PAIRS; pair++) {
  // Nobody always runs after the same neighbour.
  const isOnFirst = pair % 2 === 0;
  const first = await nsOf(isOnFirst ? on : off);
  const second = await nsOf(isOnFirst ? off : on);
  if (pair < 0) continue;
  const [offNs, onNs] = isOnFirst ? [second, first] : [first, second];
  sides[0].push(offNs);
  sides[1].push(onNs);
  differences.push(onNs - offNs);
}
await off.check();
await on.check();
process.stdout.write(`${
  JSON.stringify({
    unit: "ns",
    rows: {
      "GET, metrics off": quantile(sides[0], 0.5),
      "GET, metrics on": quantile(sides[1], 0.5),
      "of one pair, more with metrics": quantile(differences, 0.5),
      "the same, first quartile": quantile(differences, 0.25),
      "the same, third quartile": quantile(differences, 0.75),
    },
  })
}\n`);

async function nsOf(exchange: Requests): Promise<number> {
  const begin = process.cpuUsage();
  for (let turn = 0; turn < TURNS; turn++) await exchange.turn();
  const { user, system } = process.cpuUsage(begin);
  return (user + system) * 1e3 / (TURNS * exchange.size);
}

function quantile(values: number[], part: number): number {
  values.sort((a, b) => a - b);
  return Math.round(values[Math.floor(part * values.length)]);
}
