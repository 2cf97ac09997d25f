import assert from "node:assert/strict";
import { test } from "node:test";
import type { OptionsInput } from "../../src/config/options/mod.ts";
import { resolveOptions } from "../../src/config/resolve.ts";
import { admissionLimits, httpSettings } from "../../src/server/settings.ts";

function settings(input: OptionsInput) {
  return httpSettings(resolveOptions(input));
}

for (
  const [option, value, read, expected] of [
    ["limitRequestHead", 300, (s) => s.limits.maxHeadBytes, 300],
    ["limitRequestTarget", 70, (s) => s.limits.maxTargetBytes, 70],
    ["limitRequestFields", 7, (s) => s.limits.maxHeaders, 7],
    ["limitRequestBody", 7, (s) => s.maxBodyBytes, 7],
    ["limitRequestBody", undefined, (s) => s.maxBodyBytes, Infinity],
    ["minBodyRate", 7, (s) => s.minBodyRate, 7],
    ["limitConcurrency", 7, (s) => s.maxConcurrency, 7],
    ["limitConcurrency", undefined, (s) => s.maxConcurrency, Infinity],
    ["timeoutWriteStall", 7, (s) => s.stallMs, 7000],
    ["timeoutKeepAlive", 7, (s) => s.keepAliveMs, 7000],
    ["timeoutFirstByte", 7, (s) => s.firstByteMs, 7000],
    ["timeoutRequestHead", 7, (s) => s.headMs, 7000],
    ["timeoutRequestBody", 7, (s) => s.bodyMs, 7000],
    ["timeoutReadPause", 7, (s) => s.pauseMs, 7000],
    ["timeoutReadPause", 0, (s) => s.pauseMs, Infinity],
    ["rootPath", "/a/", (s) => s.rootPath, "/a"],
    ["rootPathMode", "as-is", (s) => s.prefixesRootPath, false],
    ["earlyHints", true, (s) => s.offersEarlyHints, true],
    [
      "sendAfterDisconnect",
      "ignore",
      (s) => s.raisesAfterDisconnect,
      false,
    ],
    ["ws", "none", (s) => s.websocket, undefined],
    ["wsMaxSize", 7, (s) => s.websocket!.limits.maxMessageBytes, 7],
    ["wsMaxInflateRatio", 7, (s) => s.websocket!.limits.maxInflateRatio, 7],
    ["wsMaxQueue", 7, (s) => s.websocket!.maxQueue, 7],
    ["wsPingInterval", 7, (s) => s.websocket!.pingIntervalMs, 7000],
    ["wsPingInterval", 0, (s) => s.websocket!.pingIntervalMs, Infinity],
    ["wsPingTimeout", 7, (s) => s.websocket!.pingTimeoutMs, 7000],
    ["wsPingTimeout", 0, (s) => s.websocket!.pingTimeoutMs, Infinity],
    ["wsCloseTimeout", 7, (s) => s.websocket!.closeMs, 7000],
    ["wsHandshakeTimeout", 7, (s) => s.websocket!.handshakeMs, 7000],
    ["wsPerMessageDeflate", false, (s) => s.websocket!.deflate, undefined],
  ] as readonly (readonly [
    keyof OptionsInput,
    unknown,
    (settings: ReturnType<typeof httpSettings>) => unknown,
    unknown,
  ])[]
) {
  test(`httpSettings() heeds ${option} ${value}`, () => {
    assert.equal(read(settings({ [option]: value } as OptionsInput)), expected);
  });
}

test("admissionLimits() heeds limits of connections, and leaves descriptors to the application", () => {
  const limits = (input: OptionsInput, descriptors?: number) =>
    admissionLimits(resolveOptions(input), descriptors);
  assert.deepEqual(
    limits({ limitConnections: 7, limitConnectionsPerClient: 3 }, 1024),
    { connections: 7, connectionsPerClient: 3 },
  );
  assert.deepEqual(limits({}), {
    connections: Infinity,
    connectionsPerClient: Infinity,
  });
  assert.equal(limits({}, 1000).connections, 900);
  assert.equal(limits({}, 20).connections, 1);
});
