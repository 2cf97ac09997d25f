/** What slowhttptest does to a server, and to those who ask beside it (wishes:N-010, R-060). */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { needsProgram } from "../_support/needs.ts";
import { exchange, request } from "../_support/raw_client.ts";
import { answer, Script, SCRIPTED_APP } from "../_support/script.ts";
import { withServer } from "../_support/spawn_server.ts";

const hello = () => request(`GET ${new Script(...answer()).target}`);

describe("slowhttptest", { concurrency: 1 }, () => {
  for (
    const [mode, flags] of [
      ["slow headers", ["-H", "-i", "2"]],
      ["slow bodies", ["-B", "-i", "2", "-s", "8192"]],
      ["slow reading", ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "16"]],
    ] as const
  ) {
    test(
      `ordinary requests are served beside 300 connections of ${mode}`,
      {
        skip: needsProgram("slowhttptest"),
      },
      () =>
        withServer(
          { app: SCRIPTED_APP, args: ["--no-access-log"] },
          async (server) => {
            const { port } = server.target as { readonly port: number };
            const attack = spawn("slowhttptest", [
              ...flags,
              ...["-c", "300", "-r", "300", "-l", "8", "-x", "16", "-p", "3"],
              ...["-u", `http://127.0.0.1:${port}/`],
            ], { stdio: "ignore" });
            const ended = new Promise((resolve) => attack.on("close", resolve));
            try {
              let served = 0;
              while (attack.exitCode === null && served < 400) {
                const { status } = await exchange(server.target, hello());
                assert.equal(status, 200);
                served++;
                await new Promise((resolve) => setTimeout(resolve, 10));
              }
              assert.ok(served >= 50, `${served} served`);
            } finally {
              attack.kill();
              await ended;
            }
            assert.equal((await exchange(server.target, hello())).status, 200);
          },
        ),
    );
  }
});
