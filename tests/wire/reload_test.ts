/** The server is started anew when its sources change. */
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { pause, RawClient, request } from "../_support/raw_client.ts";
import { inProject, source } from "./_project.ts";

test("--reload says what it watches, where it runs, and who watches, in this order (process:P-080)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start();
    await server.line("stderr", /Application startup complete/);
    assert.equal(await project.answer(), "one");
    const lines = server.stderr.filter((line) => !/^WARNING/.test(line));
    assert.equal(
      lines[0],
      `INFO:     Will watch for changes in these directories: ['${project.folder}']`,
    );
    assert.match(
      lines[1]!,
      /Tricorn running on http:\/\/127\.0\.0\.1:\d+ \(Press CTRL\+C to quit\)$/,
    );
    assert.equal(
      lines[2],
      `INFO:     Started reloader process [${server.pid}] using WatchFiles`,
    );
    assert.match(lines[3]!, /Started server process \[\d+\]$/);
    assert.equal(lines[3]!.includes(`[${server.pid}]`), false);
    assert.equal(
      lines.filter((line) => /Tricorn running on/.test(line)).length,
      1,
    );
  }));

test("--reload serves what was saved, in each way to save it (process:P-083)", () =>
  inProject(async (project) => {
    const importing = (path: string) =>
      source("text", `import { text } from "./${path}";`);
    const text = (value: string) => `export const text = "${value}";`;
    project.write("main.ts", importing("lib/text.ts"));
    project.write("lib/text.ts", text("0"));
    await project.start();
    assert.equal(await project.answer(), "0");
    assert.match(
      await project.restarts(() => project.write("lib/text.ts", text("1"))),
      /^WARNING: {2}WatchFiles detected changes in 'lib\/text\.ts'\. Reloading\.\.\.$/,
    );
    assert.equal(await project.answer(), "1");
    await project.restarts(() => project.save("lib/text.ts", text("2")));
    assert.equal(await project.answer(), "2");
    await project.restarts(() => project.write("lib/text.ts", text("3")));
    assert.equal(await project.answer(), "3");
    // A new directory with a file in it, in one go.
    assert.match(
      await project.restarts(() => {
        project.write("new/deep/more.ts", text("4"));
        project.write("main.ts", importing("new/deep/more.ts"));
      }),
      /'main\.ts', 'new\/deep\/more\.ts'/,
    );
    assert.equal(await project.answer(), "4");
    await project.restarts(() => project.write("new/deep/more.ts", text("5")));
    assert.equal(await project.answer(), "5");
    assert.match(
      await project.restarts(() => project.remove("lib")),
      /changes in 'lib\/text\.ts'\. /,
    );
    await project.restarts(() => {
      project.write("lib/text.ts", text("6"));
      project.write("main.ts", importing("lib/text.ts"));
    });
    assert.equal(await project.answer(), "6");
  }));

test("--watch is another name of --reload, which ignores --workers (options:B-002)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start(["--workers", "2"], "--watch");
    await server.line("stderr", /Application startup complete/);
    assert.equal(
      server.stderr[0],
      'WARNING:  "workers" flag is ignored when reloading is enabled.',
    );
    await project.restarts(() => project.write("main.ts", source('"two"')));
    assert.equal(await project.answer(), "two");
    assert.equal(project.starts, 2);
  }));

test("--reload ignores what does not count", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    await project.start([
      "--reload-exclude",
      "generated",
      "--reload-delay",
      "0.05",
    ]);
    await project.server.line("stderr", /Application startup complete/);
    for (
      const path of [
        "node_modules/x/index.js",
        ".git/hooks/a.js",
        ".hidden.ts",
        "data.json",
        "generated/a.ts",
        "main.ts~",
      ]
    ) project.write(path, "");
    await pause(300);
    assert.match(
      await project.restarts(() => project.write("main.ts", source('"two"'))),
      /changes in 'main\.ts'\. /,
    );
    assert.equal(project.starts, 2);
  }));

test("--reload-include, --reload-dir and --reload-poll (process:P-081, P-087, P-089, P-097)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    project.write("src/a.ts", "");
    project.write("ext/b.html", "");
    const server = await project.start([
      "--reload-dir",
      "src",
      "--reload-include",
      "ext",
      "--reload-include",
      "*.html",
      "--reload-poll",
      "--reload-delay",
      "0.05",
    ]);
    await server.line("stderr", /Application startup complete/);
    assert.equal(
      server.stderr[0],
      `INFO:     Will watch for changes in these directories: ['${project.folder}/ext', '${project.folder}/src']`,
    );
    assert.match(server.stderr[2]!, /using StatReload$/);
    project.write("main.ts", source('"two"'));
    await pause(300);
    assert.match(
      await project.restarts(() => project.write("ext/b.html", "2")),
      /StatReload detected changes in 'ext\/b\.html'\. /,
    );
    assert.equal(await project.answer(), "two");
    assert.match(
      await project.restarts(() => project.write("src/a.ts", "//")),
      /changes in 'src\/a\.ts'\. /,
    );
  }));

test(
  "--reload follows links, and directories that are deleted and made again",
  {
    skip: process.platform === "win32" ? "links need a privilege" : false,
  },
  () =>
    inProject(async (project) => {
      project.write("main.ts", source('"one"'));
      project.write("lib/a.ts", "");
      project.write("out/b.ts", "");
      project.write("far/c.ts", "");
      project.link("out", "lib/out");
      project.link("far/c.ts", "lib/c.ts");
      const server = await project.start(["--reload-dir", "lib"]);
      await server.line("stderr", /Application startup complete/);
      assert.match(
        await project.restarts(() => project.write("out/b.ts", "//")),
        /changes in 'lib\/out\/b\.ts'\. /,
      );
      assert.match(
        await project.restarts(() => project.write("far/c.ts", "//")),
        /changes in 'lib\/c\.ts'\. /,
      );
      assert.match(
        await project.restarts(() => project.remove("lib")),
        /changes in 'lib\/a\.ts', 'lib\/c\.ts', 'lib\/out\/b\.ts'\. /,
      );
      assert.match(
        await project.restarts(() => project.write("lib/new.ts", "")),
        /changes in 'lib\/new\.ts'\. /,
      );
      assert.match(
        await project.restarts(() => project.write("lib/new.ts", "//")),
        /changes in 'lib\/new\.ts'\. /,
      );
    }),
);

test("--reload waits for the next change after one that does not load (process:P-085)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start();
    assert.equal(await project.answer(), "one");
    project.write("main.ts", "export const app = (");
    await server.line("stderr", /ended with code 3\. Waiting for changes/);
    // It waits in the backlog, and is not refused.
    const answer = project.answer();
    await project.restarts(() => project.write("main.ts", source('"three"')));
    assert.equal(await answer, "three");
  }));

test("--reload starts with an application that does not load", () =>
  inProject(async (project) => {
    const server = await project.start();
    await server.line("stderr", /Could not import module "main"/);
    await server.line("stderr", /Waiting for changes to start it again/);
    const answer = project.answer();
    await project.restarts(() => project.write("main.ts", source('"there"')));
    assert.equal(await answer, "there");
  }));

test("--reload answers a request that comes during a restart (process:P-082)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start();
    assert.equal(await project.answer(), "one");
    // Its start takes a while, in which there is nobody to accept.
    project.write(
      "main.ts",
      source(
        '"two"',
        "await new Promise((resolve) => setTimeout(resolve, 300));",
      ),
    );
    await server.line("stderr", /Finished server process/);
    const answers = [1, 2, 3].map(() => project.answer());
    assert.deepEqual(await Promise.all(answers), ["two", "two", "two"]);
  }));

test("--reload is not held up by an open stream (process:P-084)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"one"'));
    const server = await project.start(["--reload-timeout", "0.1"]);
    const client = await RawClient.connect(server.target);
    client.send(request("GET /stream"));
    await client.readUntil("begun");
    await project.restarts(() => project.write("main.ts", source('"two"')));
    assert.equal(await project.answer(), "two");
    client.close();
  }));

test("--reload is not held up by a process that never ends (process:P-084)", () =>
  inProject(async (project) => {
    project.write(
      "main.ts",
      source('(() => { console.log("stuck"); for (;;); })()'),
    );
    const server = await project.start(["--reload-timeout", "0"]);
    await server.line("stderr", /Application startup complete/);
    const client = await RawClient.connect(server.target);
    client.send(request("GET /"));
    await server.line("stdout", /stuck/);
    const from = server.stderr.length;
    project.write("main.ts", source('"two"'));
    await server.line("stderr", /has not ended in time\. Killing it\./, from);
    assert.equal(await project.answer(), "two");
    client.close();
  }));

test("--reload makes few restarts of many saves, and serves the last (process:P-083, P-088)", () =>
  inProject(async (project) => {
    project.write("main.ts", source('"0"'));
    await project.start();
    assert.equal(await project.answer(), "0");
    for (let i = 1; i <= 100; i++) {
      project.write("main.ts", source(`"${i}"`));
      await pause(10);
    }
    const from = Date.now();
    while (await project.answer() !== "100" && Date.now() - from < 30_000) {
      await pause(20);
    }
    assert.equal(await project.answer(), "100");
    assert.ok(project.starts <= 12, `${project.starts} starts`);
  }));
