/**
 * The recipes of examples/deploy/ are whole: each command in them is one that the server takes,
 * Dockerfiles and manifests say what they have to, and the pages that quote them quote them right.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import ts from "typescript";
import { parseAllDocuments } from "yaml";
import { parseFlags } from "../src/cli/parse_flags.ts";
import { Config } from "../src/config/config.ts";
import { commandsOf, recipe, recipeFiles } from "./_support/recipes.ts";
import { ROOT } from "./_support/this_runtime.ts";

const files = recipeFiles();

describe("a recipe", () => {
  const commands = files.flatMap((path) =>
    commandsOf(path).map((args) => [path, args] as const)
  );

  test("names the command", () => {
    const silent = files.filter((path) =>
      !commands.some(([named]) => named === path)
    );
    // These lead to a Dockerfile, or to a server that is there already.
    const others =
      /README|ignore$|compose|reload-shop|\.socket$|\.json$|\.ya?ml$/;
    assert.deepEqual(silent.filter((path) => !others.test(path)), []);
    assert.ok(commands.length >= 8);
  });

  for (const [path, args] of commands) {
    test(`${path}: ${args.join(" ")}`, () => {
      const command = parseFlags(["main:app", ...args]);
      assert.equal(command.action, "run");
      if (command.action !== "run") return;
      const { options } = new Config("main:app", command.options);
      assert.ok(options.port >= 0);
    });
  }
});

describe("a Dockerfile", () => {
  for (const path of files.filter((path) => path.endsWith("Dockerfile"))) {
    const lines = recipe(path).split("\n").filter((line) =>
      line !== "" && !line.startsWith("#")
    ).map((line) => /^([A-Z]+) (.*)$/.exec(line)!.slice(1) as [string, string]);
    const last = lines.slice(lines.findLastIndex(([word]) => word === "FROM"));
    const said = (word: string) =>
      last.filter(([each]) => each === word).map(([, rest]) => rest);

    test(`${path} has a stage that builds, and one that runs`, () => {
      const stages = lines.filter(([word]) => word === "FROM");
      assert.equal(stages.length, 2);
      assert.match(stages[0]![1], / AS build$/);
      assert.deepEqual(said("COPY"), ["--from=build /app ."]);
      for (const [word] of lines) {
        assert.match(
          word,
          /^(FROM|WORKDIR|ENV|COPY|RUN|USER|EXPOSE|HEALTHCHECK|CMD)$/,
        );
      }
    });

    test(`${path} runs as a user of its own, without a shell`, () => {
      const [user] = said("USER");
      assert.ok(user !== undefined && user !== "root" && user !== "0");
      for (
        const form of [...said("CMD"), ...said("HEALTHCHECK")].map((text) =>
          text.replace(/^.*?CMD /, "")
        )
      ) {
        const words: string[] = JSON.parse(form);
        assert.doesNotMatch(words[0]!, /sh$|^np[mx]$|^bunx$/);
      }
      assert.equal(said("CMD").length, 1);
      assert.match(said("HEALTHCHECK")[0]!, /^--interval=\d+s --timeout=\d+s /);
    });
  }
});

describe("the manifests of kubernetes/", () => {
  // deno-lint-ignore no-explicit-any -- what is in them is what is asked
  const all: any[] = parseAllDocuments(recipe("kubernetes/shop.yaml"))
    .map((document) => {
      assert.deepEqual(document.errors, []);
      return document.toJS();
    });
  const of = (kind: string) => all.find((each) => each.kind === kind);
  const { spec } = of("Deployment").spec.template;
  const [container] = spec.containers;

  test("fit the types of the API of Kubernetes", () => {
    const modules: Readonly<Record<string, string>> = {
      "apps/v1": "apps/v1",
      "v1": "core/v1",
      "networking.k8s.io/v1": "networking/v1",
      "autoscaling/v2": "autoscaling/v2",
      "policy/v1": "policy/v1",
    };
    const text = all.map((each, at) => {
      const from = modules[each.apiVersion];
      assert.ok(from !== undefined, each.apiVersion);
      return `import type { ${each.kind} } from "kubernetes-types/${from}.d.ts";
export const object${at}: ${each.kind} = ${JSON.stringify(each)};\n`;
    }).join("");
    assert.deepEqual(problemsIn(text), []);
    // A misspelt key is seen.
    const broken = text.replace('"failureThreshold"', '"failureTreshold"');
    assert.match(problemsIn(broken).join(), /failureTreshold/);
  });

  test("fit each other", () => {
    const { labels } = of("Deployment").spec.template.metadata;
    for (
      const selector of [
        of("Deployment").spec.selector.matchLabels,
        of("Service").spec.selector,
        of("PodDisruptionBudget").spec.selector.matchLabels,
      ]
    ) assert.deepEqual(selector, labels);
    const ports = container.ports.map((port: { name: string }) => port.name);
    for (const kind of ["startupProbe", "livenessProbe", "readinessProbe"]) {
      assert.ok(ports.includes(container[kind].httpGet.port), kind);
    }
    const [port] = of("Service").spec.ports;
    assert.ok(ports.includes(port.targetPort));
    const [path] = of("Ingress").spec.rules[0].http.paths;
    assert.equal(path.backend.service.name, of("Service").metadata.name);
    assert.equal(path.backend.service.port.name, port.name);
    assert.equal(
      of("HorizontalPodAutoscaler").spec.scaleTargetRef.name,
      of("Deployment").metadata.name,
    );
  });

  test("give a pod the time that its server may take to end", () => {
    const seconds = (flag: string) =>
      Number(
        container.args.find((arg: string) => arg.startsWith(`--${flag}=`))
          .split("=")[1],
      );
    const needed = seconds("shutdown-delay") +
      seconds("timeout-graceful-shutdown") + seconds("timeout-lifespan");
    assert.ok(spec.terminationGracePeriodSeconds > needed);
  });
});

/** What TypeScript says of `text`. */
function problemsIn(text: string): string[] {
  const name = join(ROOT, "tests/manifests.ts");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    types: [],
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ["lib.es2022.d.ts"],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === name || fileExists(path);
  host.getSourceFile = (path, version) =>
    path === name
      ? ts.createSourceFile(path, text, version)
      : getSourceFile(path, version);
  const program = ts.createProgram([name], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, " ")
  );
}

test("the compose file builds a Dockerfile that is there, and trusts its own network", () => {
  const [document] = parseAllDocuments(recipe("docker/compose.yaml"));
  assert.deepEqual(document!.errors, []);
  const { services, networks } = document!.toJS();
  const { shop } = services;
  assert.ok(files.includes(`docker/${shop.build.dockerfile}`));
  assert.equal(
    shop.environment.FORWARDED_ALLOW_IPS,
    networks.inside.ipam.config[0].subnet,
  );
});

describe("the pages", () => {
  const pages = readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) =>
      [name, readFileSync(join(ROOT, "docs", name), "utf8")] as const
    );
  const index = readFileSync(join(ROOT, "examples/deploy/README.md"), "utf8");

  test("quote recipes as they are", () => {
    let quoted = 0;
    for (const [name, text] of pages) {
      for (
        const [, path, block] of text.matchAll(
          /\]\(\.\.\/examples\/deploy\/([^)\s]+)\):?\n\n```\w*\n([^]*?)^```$/gm,
        )
      ) {
        assert.equal(block, recipe(path!), `${name}: ${path}`);
        quoted++;
      }
    }
    assert.ok(quoted >= 4, `${quoted} are quoted`);
  });

  test("lead to every recipe", () => {
    const linked = new Set(
      [...pages.map(([, text]) => text), index].flatMap((text) =>
        [...text.matchAll(/\]\((?:\.\.\/examples\/deploy|\.)\/([^)\s#]+)\)/g)]
          .map(([, path]) => path)
      ),
    );
    const lost = files.filter((path) =>
      path !== "README.md" && !linked.has(path) &&
      ![...linked].some((folder) => path.startsWith(`${folder}`))
    );
    assert.deepEqual(lost, []);
  });
});
