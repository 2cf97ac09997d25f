/** Metrics of one process, as a program reads them, over real sockets. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import {
  type AsgiApp,
  serve,
  type ServeOptions,
  type Server,
} from "../../mod.ts";
import { readWithPython, sumOf } from "../metrics/_prometheus.ts";
import { needsPrometheusClient } from "../_support/needs.ts";
import { exchange, request } from "../_support/raw_client.ts";

const app: AsgiApp = async (scope, receive, send) => {
  if (scope.type !== "http") return;
  let hasMore = true;
  while (hasMore) {
    const event = await receive();
    hasMore = event.type === "http.request" && event.more_body === true;
  }
  const status = Number(scope.path.slice(1)) || 200;
  await send({ type: "http.response.start", status });
  await send({ type: "http.response.body", body: "12345" });
};

async function withMetrics(
  use: (server: Server) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const server = serve(app, {
    port: 0,
    metrics: true,
    logSink: () => {},
    ...options,
  });
  await server.listening;
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

const textOf = async (server: Server, accept = "") =>
  (await server.metrics!.render(accept)).body;

describe("server.metrics", () => {
  test("sums are what a client has sent", () =>
    withMetrics(async (server) => {
      const target = { host: "127.0.0.1", port: server.port! };
      const sent = { GET: 40, POST: 25, BREW: 5, bad: 7 };
      for (let at = 0; at < sent.GET; at++) {
        await exchange(target, request(at % 2 ? "GET /404" : "GET /"));
      }
      for (let at = 0; at < sent.POST; at++) {
        await exchange(
          target,
          request("POST /", ["content-length: 3"], "abc"),
        );
      }
      for (let at = 0; at < sent.BREW; at++) {
        await exchange(target, request("BREW /"));
      }
      for (let at = 0; at < sent.bad; at++) {
        await exchange(target, "GET / HTTP/1.1\r\n\r\n");
      }
      const body = await textOf(server);
      const requests = (labels: Readonly<Record<string, string>>) =>
        sumOf(body, "http_server_request_duration_seconds_count", labels);
      assert.equal(requests({ http_response_status_code: "404" }), 20);
      assert.equal(requests({ http_response_status_code: "400" }), sent.bad);
      assert.equal(requests({ http_request_method: "POST" }), sent.POST);
      assert.equal(requests({ http_request_method: "_OTHER" }), sent.BREW);
      const all = sent.GET + sent.POST + sent.BREW + sent.bad;
      assert.equal(requests({}), all);
      assert.equal(sumOf(body, "tricorn_connections_total"), all);
      assert.equal(
        sumOf(body, "tricorn_faults_total", { fault: "MISSING_HOST" }),
        sent.bad,
      );
      assert.equal(
        sumOf(body, "tricorn_request_body_bytes_total"),
        3 * sent.POST,
      );
      assert.equal(server.stats.totalRequests, all);
      assert.equal(server.stats.totalConnections, all);
      const snapshot = await server.metrics!.snapshot();
      assert.deepEqual(snapshot.tricorn_connections_total, [[[], [all]]]);
    }));

  test("is undefined unless it is asked for", () =>
    withMetrics((server) => {
      assert.equal(server.metrics, undefined);
      return Promise.resolve();
    }, { metrics: false }));

  test("shows the process: memory, CPU, lag of the event loop", () =>
    withMetrics(async (server) => {
      const end = performance.now() + 300;
      while (performance.now() < end);
      for (let tries = 0; tries < 200; tries++) {
        const body = await textOf(server);
        const lags = sumOf(body, "tricorn_event_loop_lag_seconds_count");
        if (lags > 0) {
          assert.ok(sumOf(body, "process_resident_memory_bytes") > 1e6);
          assert.ok(sumOf(body, "process_cpu_seconds_total") >= 0.2);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      assert.fail("no lag was measured");
    }));

  for (const format of ["text", "openMetrics"] as const) {
    test(`is read as ${format} by another parser`, {
      skip: needsPrometheusClient(),
    }, () =>
      withMetrics(async (server) => {
        await (await fetch(server.url!)).text();
        const accept = format === "text" ? "" : "application/openmetrics-text";
        const read = readWithPython(format, await textOf(server, accept));
        assert.ok(read.length > 15);
      }));
  }
});

describe("the application's metrics", () => {
  test("are those of prom-client, where the application has it", () =>
    withMetrics(async (server) => {
      const client = createRequire(import.meta.url)("prom-client");
      const name = `shop_orders_${crypto.randomUUID().slice(0, 8)}_total`;
      const counter = new client.Counter({
        name,
        help: "Orders",
        labelNames: ["kind"],
      });
      counter.inc({ kind: "book" }, 3);
      const body = await textOf(server);
      assert.equal(sumOf(body, name, { kind: "book" }), 3);
      client.register.removeSingleMetric(name);
    }));

  test("are those of `metricsRegistry`, which may break", async () => {
    const lines: string[] = [];
    let isBroken = false;
    await withMetrics(async (server) => {
      assert.equal(sumOf(await textOf(server), "jobs"), 4);
      isBroken = true;
      const body = await textOf(server);
      assert.equal(sumOf(body, "jobs"), 4);
      assert.ok(body.includes("tricorn_build_info"));
    }, {
      logSink: ({ message }) => void lines.push(message),
      metricsRegistry: {
        getMetricsAsJSON() {
          if (isBroken) throw new Error("no database");
          return [{
            name: "jobs",
            type: "gauge",
            help: "",
            values: [{ value: 4 }],
          }];
        },
      },
    });
    assert.ok(
      lines.includes(
        "Cannot read the application's metrics: no database",
      ),
      lines.join("\n"),
    );
  });
});

describe("server.observe()", () => {
  test("tells a program of requests, and what it throws stays with it", async () => {
    const lines: string[] = [];
    const seen: string[] = [];
    const server = serve(app, {
      port: 0,
      logSink: ({ message }) => void lines.push(message),
    });
    server.observe({
      onRequestEnd: ({ path }) => {
        seen.push(path);
        throw new Error("broken");
      },
    });
    await server.listening;
    for (const path of ["/a", "/b"]) {
      await (await fetch(server.url! + path)).text();
    }
    assert.throws(() => server.observe({}), /listens already/);
    await server.stop();
    assert.deepEqual(seen, ["/a", "/b"]);
    const complaints = lines.filter((line) => line.includes("an observer"));
    assert.equal(complaints.length, 1);
  });
});
