/**
 * What Hono costs on a socket of Deno's at the very least: for each read it is asked for an answer, with
 * a request made once, and the answer is dropped. Nothing is parsed, and fixed bytes are sent.
 * Argument: the port.
 */
import { FIXED_ANSWER } from "./fixed_answer.ts";
import { app } from "./hono_app.ts";
import { listenRaw } from "./raw_deno.ts";

const request = new Request("http://127.0.0.1/");

listenRaw(async () => {
  await app.fetch(request);
  return FIXED_ANSWER;
});
