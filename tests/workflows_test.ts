/** The workflows and forms below .github: they can be read, and name what there is. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { ROOT } from "./_support/this_runtime.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly "runs-on"?: string;
  readonly "timeout-minutes"?: number;
  readonly uses?: string;
  readonly needs?: string | readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
  readonly strategy?: {
    readonly matrix: Readonly<Record<string, readonly string[]>>;
  };
}

interface Workflow {
  readonly name: string;
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const { scripts } = JSON.parse(read("package.json"));

const WORKFLOWS = ".github/workflows";
const workflows = readdirSync(join(ROOT, WORKFLOWS)).map((name) =>
  [name, parse(read(`${WORKFLOWS}/${name}`)) as Workflow] as const
);

test("there are workflows for tests, new runtimes, releases and the site", () => {
  assert.deepEqual(
    workflows.map(([name]) => name).sort(),
    ["matrix.yml", "pages.yml", "publish.yml", "tests.yml"],
  );
});

for (const [file, { name, permissions, jobs }] of workflows) {
  describe(`${WORKFLOWS}/${file}`, () => {
    const all = Object.values(jobs);
    const steps = all.flatMap((job) => job.steps ?? []);

    test("is named as its file, and may read only", () => {
      assert.equal(`${name}.yml`, file);
      assert.deepEqual(permissions, { contents: "read" });
    });

    test("ends every job by a time limit", () => {
      for (const job of all) {
        if (job.uses === undefined) assert.ok(job["timeout-minutes"]! <= 60);
      }
    });

    test("needs jobs that there are", () => {
      for (const { needs = [] } of all) {
        for (const one of [needs].flat()) assert.ok(one in jobs, one);
      }
    });

    test("uses actions by their version, of their makers", () => {
      for (const { uses } of [...all, ...steps]) {
        if (uses?.startsWith("./")) assert.ok(existsSync(join(ROOT, uses)));
        else if (uses !== undefined) {
          assert.match(uses, /^actions\/[\w-]+@v\d+$/);
        }
      }
    });

    test("runs scripts and files that there are", () => {
      for (const { run = "" } of steps) {
        for (
          const [, script] of run.matchAll(/npm run (?:--silent )?([\w:]+)/g)
        ) {
          assert.ok(script! in scripts, run);
        }
        for (const [path] of run.matchAll(/(?:^|\s)\.ci\/\w+/g)) {
          assert.ok(existsSync(join(ROOT, path.trim())), run);
        }
      }
    });

    test("puts no text of strangers into a shell", () => {
      for (const { run = "" } of steps) {
        for (const [, value] of run.matchAll(/\$\{\{ *([^ }]+) *\}\}/g)) {
          assert.match(value!, /^(?:matrix|needs)\./, run);
        }
      }
    });
  });
}

test("the site goes from where it is built to its pages", () => {
  const { jobs } = Object.fromEntries(workflows)["pages.yml"]!;
  const steps = jobs["build"]!.steps!;
  const [, out] = /\bout: \{ type: "string", default: "([^"]+)"/
    .exec(read("site/main.ts"))!;
  const built = steps.findIndex(({ run }) => run === "npm run site");
  const [upload] = steps.slice(built + 1);
  assert.match(upload!.uses!, /^actions\/upload-pages-artifact@/);
  assert.equal(upload!.with?.["path"], out);
  const { needs, permissions, steps: [deploy] = [] } = jobs["deploy"]!;
  assert.equal(needs, "build");
  assert.deepEqual(permissions, { pages: "write", "id-token": "write" });
  assert.match(deploy!.uses!, /^actions\/deploy-pages@/);
});

test("a release waits for the tests, and alone may write, but for the pages", () => {
  const { jobs } = Object.fromEntries(workflows)["publish.yml"]!;
  assert.equal(jobs["publish"]!.needs, "tests");
  const writers = workflows.flatMap(([file, workflow]) =>
    Object.entries(workflow.jobs).filter(([, job]) =>
      Object.values(job.permissions ?? {}).includes("write")
    ).map(([job]) => `${file}: ${job}`)
  );
  assert.deepEqual(writers.sort(), [
    "pages.yml: deploy",
    "publish.yml: publish",
  ]);
});

test("the forms for issues can be read, and lead to what there is", () => {
  const folder = ".github/ISSUE_TEMPLATE";
  for (const name of readdirSync(join(ROOT, folder))) {
    const form = parse(read(`${folder}/${name}`));
    if (name === "config.yml") {
      const links: { url: string }[] = form.contact_links;
      for (const { url } of links) {
        const [, path] = /\/blob\/main\/(.*)$/.exec(url) ?? [];
        if (path !== undefined) assert.ok(existsSync(join(ROOT, path)), url);
      }
      continue;
    }
    assert.equal(typeof form.name, "string");
    assert.equal(typeof form.description, "string");
    const ids = form.body.map((field: { id: string }) => field.id);
    assert.equal(new Set(ids).size, ids.length);
  }
});
