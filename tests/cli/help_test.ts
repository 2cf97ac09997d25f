import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defaultText,
  flagsText,
  helpText,
  rangeText,
} from "../../src/cli/help.ts";
import { COMMAND_FLAGS } from "../../src/cli/parse_flags.ts";
import { OPTION_GROUPS } from "../../src/config/options/definition.ts";
import { OPTIONS, TEXT_OPTION_NAMES } from "../../src/config/options/mod.ts";

const lines = helpText().split("\n");

test("helpText() begins with the usage and ends with a line end", () => {
  assert.equal(lines[0], "Usage: tricorn [OPTIONS] APP");
  assert.ok(helpText().endsWith("\n") && !helpText().endsWith("\n\n"));
});

test("helpText() fits into 80 columns and leaves no blanks at line ends", () => {
  for (const line of lines) {
    assert.ok(line.length <= 80, line);
    assert.equal(line, line.trimEnd());
    assert.ok(!line.includes("\u00a0"));
  }
});

test("helpText() has every option with its text, below its chapter", () => {
  const text = helpText().replace(/\s+/g, " ");
  let group: string | undefined;
  const found = new Map<string, string | undefined>();
  for (const line of lines) {
    if (/^\S.*:$/.test(line)) group = line.slice(0, -1);
    const flag = /^ {2}(?:-\w, )?(--[\w-]+)/.exec(line)?.[1];
    if (flag !== undefined) found.set(flag, group);
  }
  for (const name of TEXT_OPTION_NAMES) {
    const { flag, help } = OPTIONS[name];
    assert.equal(found.get(flag), OPTIONS[name].group, flag);
    assert.ok(text.includes(flagsText(name)), flag);
    assert.ok(text.includes(help), flag);
  }
  for (const { flag, help } of COMMAND_FLAGS) {
    assert.equal(found.get(flag), "Other");
    assert.ok(text.includes(help), flag);
  }
  assert.equal(found.size, TEXT_OPTION_NAMES.length + COMMAND_FLAGS.length);
});

test("helpText() has the chapters in their order", () => {
  const chapters = lines.filter((line) => /^\S.*:$/.test(line)).map((line) =>
    line.slice(0, -1)
  );
  assert.deepEqual(chapters, [...OPTION_GROUPS, "Other", "Examples"]);
});

test("helpText() tells of the variables", () => {
  const text = helpText().replace(/\s+/g, " ");
  assert.ok(
    text.includes("TRICORN_PORT") &&
      text.includes("PORT is read if TRICORN_PORT is not set"),
  );
});

test("flagsText() has all spellings and the kind of the value", () => {
  assert.equal(flagsText("port"), "-p, --port INTEGER");
  assert.equal(flagsText("host"), "--host, --hostname TEXT");
  assert.equal(flagsText("factory"), "--factory");
  assert.equal(flagsText("accessLog"), "--access-log / --no-access-log");
  assert.equal(flagsText("lifespan"), "--lifespan [auto|on|off]");
  assert.equal(flagsText("headers"), "--header NAME:VALUE");
  assert.equal(flagsText("timeoutKeepAlive"), "--timeout-keep-alive SECONDS");
});

test("defaultText() and rangeText() say what one may type", () => {
  assert.equal(defaultText("port"), "8000");
  assert.equal(defaultText("limitRequestHead"), "65536 bytes");
  assert.equal(defaultText("accessLog"), "on");
  assert.equal(defaultText("earlyHints"), "off");
  assert.equal(defaultText("factory"), undefined);
  assert.equal(defaultText("uds"), undefined);
  assert.equal(rangeText(OPTIONS.port.type), "0 to 65535");
  assert.equal(rangeText(OPTIONS.backlog.type), "at least 1");
  assert.equal(rangeText(OPTIONS.timeoutRequestHead.type), "at least 0.1");
  assert.equal(rangeText(OPTIONS.host.type), undefined);
});
