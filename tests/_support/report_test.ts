import assert from "node:assert/strict";
import { test } from "node:test";
import { excerpt, findDifferences, readReport, WHOLE_FILE } from "./report.mjs";

/** The same file as the three runtimes report it: one pass, one failure in a group, one skip. */
const REPORTS = {
  deno: `<?xml version="1.0"?>
<testsuites name="deno test" tests="4" failures="2">
    <testsuite name="./a_test.ts" tests="2" failures="1">
        <testcase name="reads &quot;a&gt;b&quot; \\r\\n" classname="./a_test.ts" time="0.1">
        </testcase>
        <testcase name="group" classname="./a_test.ts">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="skipped" classname="./a_test.ts"><skipped/></testcase>
    </testsuite>
    <testsuite name="ext:deno_node/testing.ts" tests="1" failures="1">
        <testcase name="group &gt; fails" classname="ext:deno_node/testing.ts">
            <failure message="Uncaught">1 !== 2</failure>
        </testcase>
    </testsuite>
</testsuites>`,
  bun: `<?xml version="1.0"?>
<testsuites name="bun test" tests="3">
  <testsuite name="a_test.ts" file="a_test.ts" tests="3">
    <testcase name="reads &quot;a&gt;b&quot; &#13;&#10;" classname="" time="0.1" />
    <testsuite name="group" tests="1"><testcase name="fails" classname="group">
      <failure type="AssertionError" message="1 !== 2">1 !== 2</failure>
    </testcase></testsuite>
    <testcase name="skipped"><skipped /></testcase>
  </testsuite>
</testsuites>`,
  node: `<?xml version="1.0"?>
<testsuites>
	<testcase name="reads &amp;quot;a>b&amp;quot; &#10;" time="0.1" classname="test"/>
	<testsuite name="group" tests="1">
		<testcase name="fails" classname="group" failure="1 !== 2">
			<failure type="testCodeFailure" message="1 !== 2">
1 !== 2
			</failure>
		</testcase>
	</testsuite>
	<testcase name="skipped"><skipped type="skipped" message="no reason"/></testcase>
	<!-- tests 3 -->
</testsuites>`,
};

for (const [runtime, xml] of Object.entries(REPORTS)) {
  test(`readReport() reads the report of ${runtime}`, () => {
    const cases = readReport(xml, "tests/a_test.ts");
    assert.deepEqual(
      cases.map((one) => [one.name.replace(/\s|\\[rn]/g, ""), one.status])
        .sort(),
      [["group>fails", "failed"], ['reads"a>b"', "passed"], [
        "skipped",
        "skipped",
      ]],
    );
    assert.equal(
      cases.find((one) => one.status === "failed")?.message,
      "1 !== 2",
    );
  });
}

test("readReport() is not confused by a quote in the text of a failure", () => {
  const xml =
    `<testsuites><testcase name="a"><failure message="m">one " quote</failure></testcase>
    <testcase name="b"/></testsuites>`;
  assert.deepEqual(readReport(xml, "f").map((one) => [one.name, one.message]), [
    ["a", 'one " quote'],
    ["b", ""],
  ]);
});

test("readReport() keeps a group that failed in a hook", () => {
  const xml = `<testsuites name="deno test"><testsuite name="f">
    <testcase name="g"><failure message="Uncaught Error: hook">Error: hook</failure></testcase>
    <testcase name="g &gt; x"></testcase></testsuite></testsuites>`;
  assert.deepEqual(readReport(xml, "f").map((one) => one.status), [
    "failed",
    "passed",
  ]);
});

test("readReport() drops the file that Node reports as a test, unless it failed", () => {
  const whole = (inside: string) => `<testsuites>${inside}</testsuites>`;
  assert.deepEqual(
    readReport(whole('<testcase name="a_test.ts"/>'), "tests/a_test.ts"),
    [],
  );
  const failed =
    '<testcase name="a_test.ts"><failure message="exit 7">exit 7</failure></testcase>';
  assert.deepEqual(readReport(whole(failed), "tests/a_test.ts"), [
    { name: WHOLE_FILE, status: "failed", message: "exit 7" },
  ]);
});

test("findDifferences() finds nothing in reports of the same cases", () => {
  const reports = Object.entries(REPORTS).map(([runtime, xml]) => ({
    runtime,
    file: "tests/a_test.ts",
    cases: readReport(xml, "tests/a_test.ts"),
  }));
  assert.deepEqual(findDifferences(reports, ["deno", "bun", "node"]), []);
});

const ran = (runtime: string, ...names: string[]) => ({
  runtime,
  file: "f",
  cases: names.map((name) => ({
    name,
    status: "passed" as const,
    message: "",
  })),
});

test("findDifferences() names the runtime that left a case out", () => {
  assert.deepEqual(
    findDifferences([ran("deno", "a", "b"), ran("bun", "a")], ["deno", "bun"]),
    [
      'f: "b" did not run on bun',
    ],
  );
});

test("findDifferences() counts cases of the same name", () => {
  assert.deepEqual(
    findDifferences([ran("deno", "a", "a"), ran("bun", "a")], ["deno", "bun"]),
    [
      'f: "a" did not run on bun',
    ],
  );
});

test("findDifferences() takes a skipped case for one that did not run", () => {
  const skipped = {
    ...ran("bun"),
    cases: [{ name: "a", status: "skipped" as const, message: "" }],
  };
  assert.deepEqual(
    findDifferences([ran("deno", "a"), skipped], ["deno", "bun"]),
    [
      'f: "a" did not run on bun',
    ],
  );
});

test("findDifferences() lets a case belong to the runtimes its name marks", () => {
  const reports = [
    ran("deno", "[deno] [node] a"),
    ran("bun"),
    ran("node", "[deno] [node] a"),
  ];
  assert.deepEqual(findDifferences(reports, ["deno", "bun", "node"]), []);
  assert.deepEqual(
    findDifferences([reports[0]!, ran("bun"), ran("node")], ["deno", "node"]),
    [
      'f: "[deno] [node] a" did not run on node',
    ],
  );
});

test("findDifferences() believes a test's own marks before those of its group", () => {
  const reports = [ran("deno", "[deno] [bun] g > [deno] a"), ran("bun")];
  assert.deepEqual(findDifferences(reports, ["deno", "bun"]), []);
  const unmarked = [ran("deno", "[deno] [bun] g > a"), ran("bun")];
  assert.equal(findDifferences(unmarked, ["deno", "bun"]).length, 1);
});

test("findDifferences() expects nothing of a file that broke as a whole", () => {
  assert.deepEqual(
    findDifferences([ran("deno", "a"), ran("bun", WHOLE_FILE)], [
      "deno",
      "bun",
    ]),
    [],
  );
});

test("findDifferences() lets a file be skipped as a whole, which not every runtime lists", () => {
  const skipped = {
    ...ran("deno"),
    cases: [{ name: "a", status: "skipped" as const, message: "" }],
  };
  assert.deepEqual(findDifferences([skipped, ran("bun")], ["deno", "bun"]), []);
});

test("findDifferences() does not ask for tests of a file that broke as a whole", () => {
  assert.deepEqual(findDifferences([ran("bun", WHOLE_FILE)], ["bun"]), []);
});

test("findDifferences() finds a file without tests", () => {
  assert.deepEqual(
    findDifferences([ran("deno"), ran("bun")], ["deno", "bun"]),
    [
      "f: no test ran on any runtime",
    ],
  );
});

test("excerpt() keeps the first and the last lines of a long message, and says how many are missing", () => {
  const lines = Array.from({ length: 200 }, (_, at) => `line ${at}`);
  const short = excerpt(lines.join("\n")).split("\n");
  assert.deepEqual(short.slice(0, 2), ["line 0", "line 1"]);
  assert.equal(short.at(-1), "line 199");
  const [gap] = short.filter((line) => !line.startsWith("line"));
  assert.equal(gap, `… ${200 - (short.length - 1)} lines …`);
});

test("excerpt() leaves a message that is short as it is", () => {
  const text = Array.from({ length: 60 }, (_, at) => `line ${at}`).join("\n");
  assert.equal(excerpt(text), text);
});
