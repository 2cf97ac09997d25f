import assert from "node:assert/strict";
import { test } from "node:test";
import { LineBuffer } from "../../../src/logging/access/line_buffer.ts";

function setUp() {
  const written: string[] = [];
  const turns: (() => void)[] = [];
  const lines = new LineBuffer({
    write: (text) => void written.push(text),
    afterTurn: (callback) => void turns.push(callback),
  });
  const endTurn = () => turns.splice(0).forEach((callback) => callback());
  return { lines, written, turns, endTurn };
}

test("LineBuffer writes the lines of one turn in one piece, at its end", () => {
  const { lines, written, turns, endTurn } = setUp();
  lines.add("a\n");
  lines.add("b\n");
  assert.deepEqual(written, []);
  assert.equal(turns.length, 1);
  endTurn();
  lines.add("c\n");
  endTurn();
  assert.deepEqual(written, ["a\nb\n", "c\n"]);
});

test("LineBuffer writes at once when more has gathered than it may hold", () => {
  const { lines, written, endTurn } = setUp();
  lines.add("x".repeat(64 * 1024));
  assert.equal(written.length, 0);
  lines.add("\n");
  assert.equal(written.length, 1);
  endTurn();
  assert.equal(written.length, 1);
});

test("LineBuffer.flush() writes what there is, and nothing twice", () => {
  const { lines, written, endTurn } = setUp();
  lines.flush();
  lines.add("a\n");
  lines.flush();
  endTurn();
  assert.deepEqual(written, ["a\n"]);
});
