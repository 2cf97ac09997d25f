/** Metrics under --reload: the watching process answers, and counts on over restarts. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { sumOf } from "../metrics/_prometheus.ts";
import { exchange, pause, request } from "../_support/raw_client.ts";
import { inProject, type Project, source } from "./_project.ts";

async function scrape(project: Project): Promise<string> {
  const { status, body } = await exchange(
    { path: join(project.folder, "admin") },
    request("GET /metrics"),
  );
  assert.equal(status, 200, body);
  return body;
}

/**
 * What is told once `count` requests are in it: a process that is too busy to answer within a second
 * is told of as it was before.
 */
async function scrapeWith(project: Project, count: number): Promise<string> {
  for (let tries = 0;; tries++) {
    const body = await scrape(project);
    const counted = requestsIn(body);
    if (counted >= count || tries === 60) {
      assert.equal(counted, count, body);
      return body;
    }
  }
}

const requestsIn = (body: string) =>
  sumOf(body, "http_server_request_duration_seconds_count");

test("/metrics of --reload does not fall over restarts and a death, and is what was sent", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start(["--admin-bind", "unix:admin"]);
    assert.equal(await project.answer(), "one");
    assert.equal(await project.answer(), "one");
    await scrapeWith(project, 2);
    await project.restarts(() => project.write("main.ts", source('"two"')));
    assert.equal(await project.answer(), "two");
    const body = await scrapeWith(project, 3);
    assert.equal(sumOf(body, "tricorn_connections_total"), 3);
    assert.equal(sumOf(body, "tricorn_worker_up", { worker: "0" }), 1);
    assert.equal(
      sumOf(body, "tricorn_worker_restarts_total", { reason: "restart" }),
      1,
    );
    const pid = Number(
      /Started server process \[(\d+)\]/.exec(
        server.stderr.findLast((line) => /Started server/.test(line))!,
      )![1],
    );
    process.kill(pid, "SIGKILL");
    await server.line("stderr", /Waiting for changes to start it again/);
    assert.equal(requestsIn(await scrape(project)), 3);
    await project.restarts(() => project.write("main.ts", source('"three"')));
    assert.equal(await project.answer(), "three");
    const last = await scrapeWith(project, 4);
    assert.equal(
      sumOf(last, "tricorn_worker_restarts_total", { reason: "died" }),
      1,
    );
  }));

test("/metrics of --reload is not there with --no-metrics", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    await project.start(["--admin-bind", "unix:admin", "--no-metrics"]);
    assert.equal(await project.answer(), "one");
    const { status } = await exchange(
      { path: join(project.folder, "admin") },
      request("GET /metrics"),
    );
    assert.equal(status, 404);
  }));

test("StatsD hears of requests and processes under --reload", () =>
  inProject(async (project) => {
    const lines: string[] = [];
    const socket = createSocket("udp4");
    socket.on("message", (bytes) => void lines.push(...`${bytes}`.split("\n")));
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    try {
      project.write("main.ts", source('"one"'));
      const { port } = socket.address();
      await project.start(["--statsd-host", `127.0.0.1:${port}`]);
      assert.equal(await project.answer(), "one");
      const wanted = ["tricorn.requests:1|c", "tricorn.workers:1|g"];
      for (let tries = 0; tries < 1200; tries++) {
        if (wanted.every((line) => lines.includes(line))) return;
        await pause(25);
      }
      assert.fail(`${lines.join("\n")}\n${project.server.output}`);
    } finally {
      socket.close();
    }
  }));
