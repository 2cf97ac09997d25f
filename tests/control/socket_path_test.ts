import assert from "node:assert/strict";
import { test } from "node:test";
import { controlSocketPath } from "../../src/control/socket_path.ts";

for (
  const [place, path] of [
    [{}, undefined],
    [{ pidFile: "/run/app.pid" }, "/run/app.ctl"],
    [{ pidFile: "app" }, "app.ctl"],
    [{ pidFile: "app.pid.old" }, "app.pid.old.ctl"],
    [{ pidFile: "app.pid", controlSocket: "x.sock" }, "x.sock"],
    [{ pidFile: "app.pid", controlSocket: "" }, undefined],
    [{ controlSocket: "x.sock" }, "x.sock"],
  ] as const
) {
  test(`the control socket for ${JSON.stringify(place)} is ${path}`, () => {
    assert.equal(controlSocketPath(place), path);
  });
}
