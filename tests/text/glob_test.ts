import assert from "node:assert/strict";
import { test } from "node:test";
import { readGlob } from "../../src/text/glob.ts";

function matches(pattern: string, path: string): boolean {
  const read = readGlob(pattern);
  if ("problem" in read) throw new Error(`${pattern} ${read.problem}`);
  return read.globs.some((glob) => glob.matches(path));
}

for (
  const [pattern, matching, others] of [
    ["*.ts", ["/a/b.ts", "b.ts", "/a/.b.ts", "/.ts"], ["/a/b.tsx", "/b.ts/c"]],
    [".*", ["/a/.env", ".git"], ["/a/b.ts", "/.git/config"]],
    ["main.ts", ["/a/main.ts", "main.ts"], ["/a/xmain.ts", "/a/main.ts.bak"]],
    ["ext/*.jpg", ["/a/ext/b.jpg"], ["/a/ext/c/b.jpg", "/a/next/b.jpg"]],
    ["./src/*.ts", ["/a/src/b.ts"], ["/a/b.ts"]],
    ["a/**/c.ts", ["/a/c.ts", "/x/a/b/b/c.ts"], ["/ac.ts", "/a/bc.ts"]],
    ["**/c.ts", ["/c.ts", "/a/b/c.ts"], ["/a/bc.ts"]],
    ["src/**", ["/src/a", "/x/src/a/b"], ["/src", "/xsrc/a"]],
    ["/a/*.ts", ["/a/b.ts"], ["/x/a/b.ts"]],
    ["C:/a/*.ts", ["C:/a/b.ts"], ["D:/a/b.ts", "x/C:/a/b.ts"]],
    ["*.{ts,js}", ["/b.ts", "/b.js"], ["/b.mjs"]],
    ["*.{c,m,}{ts,js}", ["/b.ts", "/b.cts", "/b.mjs"], ["/b.xjs"]],
    ["{a/{b,c},d}/*.ts", ["/a/b/x.ts", "/a/c/x.ts", "/d/x.ts"], ["/b/x.ts"]],
    ["{a}", ["/a"], ["/{a}"]],
    ["file?.ts", ["/file1.ts", "/file\u{1f600}.ts"], ["/file.ts", "/file/.ts"]],
    [".sw[a-p]", ["/.swp"], ["/.swq"]],
    ["[!a].ts", ["/b.ts"], ["/a.ts", "/x/.ts"]],
    ["[]-].ts", ["/].ts", "/-.ts"], ["/a.ts"]],
    ["a\\*b", ["/a*b"], ["/axb"]],
    ["\\{a\\,b\\}", ["/{a,b}"], ["/a"]],
    ["src\\b.ts", ["/src/b.ts"], ["/srcb.ts"]],
    ["a+(b)|c.d$^", ["/a+(b)|c.d$^"], ["/aab"]],
    ["a**b", ["/ab", "/axxb"], ["/a/b"]],
    ["a\nb*", ["/a\nbc\n"], ["/a"]],
  ] as const
) {
  test(`readGlob() reads ${JSON.stringify(pattern)}`, () => {
    for (const path of matching) {
      assert.equal(matches(pattern, path), true, path);
    }
    for (const path of others) {
      assert.equal(matches(pattern, path), false, path);
    }
  });
}

for (
  const [pattern, problem] of [
    ["", "names nothing"],
    ["./", "names nothing"],
    ["[a", "has [ without ]"],
    ["[a/b]", "has [ without ]"],
    ["[!]", "has [ without ]"],
    ["{a,b", "has { without }"],
    ["a}", "has } without {"],
    ["[z-a]", "has a range in [] that ends before it begins"],
    ["..", "names nothing"],
    ["{a,b}".repeat(20), "means more than 1000 patterns"],
    ["{{a,b,c,d},{e,f}}".repeat(9), "means more than 1000 patterns"],
  ] as const
) {
  test(`readGlob() says what is wrong with ${JSON.stringify(pattern.slice(0, 20))}`, () => {
    assert.deepEqual(readGlob(pattern), { problem });
  });
}

for (
  const [pattern, path, isMatch] of [
    ["../*.ts", "/a/x.ts", true],
    ["../*.ts", "/a/b/x.ts", false],
    ["../../c/./*.ts", "/c/x.ts", true],
    ["{..,.}/x.ts", "/a/x.ts", true],
    ["{..,.}/x.ts", "/q/x.ts", true],
    ["../../../../x.ts", "/x.ts", true],
    ["/q/../x.ts", "/x.ts", true],
  ] as const
) {
  test(`readGlob() resolves ${pattern} for ${path}`, () => {
    const read = readGlob(pattern, "/a/b");
    assert.ok("globs" in read);
    assert.equal(read.globs.some((glob) => glob.matches(path)), isMatch);
  });
}

test("readGlob() makes no pattern that takes long on a long name", () => {
  const name = `/${"a".repeat(20_000)}`;
  assert.equal(matches(`${"*".repeat(500)}b`, name), false);
});

test("A glob tells its names, and which of them are literal", () => {
  const read = readGlob("/a\\*/b*/**");
  assert.ok("globs" in read);
  const [glob] = read.globs;
  assert.equal(glob!.isAbsolute, true);
  assert.deepEqual(
    glob!.segments.map(({ text, isLiteral }) => [text, isLiteral]),
    [["a*", true], ["b*", false], ["**", false]],
  );
  assert.equal(glob!.segments[1]!.matches("bc"), true);
  assert.equal(glob!.segments[1]!.matches("c"), false);
});
