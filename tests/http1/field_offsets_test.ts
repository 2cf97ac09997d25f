import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fieldNotes from "../../src/http1/field_offsets.ts";
import { NAMES } from "../../src/http/header_names.ts";
import { octets } from "../_support/feed.ts";

const { scanSimpleField, reserveNotes, SLOTS } = fieldNotes;
/** Bytes before the head, and of the head before the line. */
const BASE = 3;
const START = 5;
const SLOT = 2 * SLOTS;

/** Name and value as noted, and where the next line begins; `undefined` if nothing is. */
function note(line: string, received = line.length) {
  const bytes = octets("_".repeat(BASE + START) + line);
  const from = BASE + START;
  fieldNotes.notes.fill(-1);
  const next = scanSimpleField(bytes, BASE, from, from + received, SLOT);
  if (next === 0) {
    assert.ok(fieldNotes.notes.every((entry) => entry === -1));
    return undefined;
  }
  const [known, ...offsets] = fieldNotes.notes.subarray(SLOT, SLOT + SLOTS);
  const [nameAt, nameEnd, valueAt, valueEnd] = offsets.map((offset) =>
    offset - START
  );
  return {
    known: NAMES[known],
    name: line.slice(nameAt, nameEnd),
    value: line.slice(valueAt, valueEnd),
    size: next - from,
  };
}

describe("noteUsualField()", () => {
  for (
    const [behavior, line, known, name, value] of [
      ["a name it knows", "Host: a\r\n", "host", "Host", "a"],
      ["a name it does not know", "X-Y: a\r\n", "", "X-Y", "a"],
      ["a name and a value of one byte", "x: a\r\n", "", "x", "a"],
      ["blanks within a value", "x: a b\tc\r\n", "", "x", "a b\tc"],
      ["colons in a value", "x: a: b\r\n", "", "x", "a: b"],
      ["octets that are not ASCII", "x: \xe9\r\n", "", "x", "\xe9"],
    ] as const
  ) {
    test(`notes ${behavior}, and leaves what comes behind the line`, () => {
      const expected = { known, name, value, size: line.length };
      assert.deepEqual(note(line), expected);
      assert.deepEqual(note(`${line}y: z\r\n`), expected);
      assert.deepEqual(note(`${line}\r\n`), expected);
    });
  }

  for (
    const [behavior, line] of [
      ["no blank after the colon", "x:a\r\n"],
      ["a tab after the colon", "x:\ta\r\n"],
      ["two blanks after the colon", "x:  a\r\n"],
      ["a tab behind the blank", "x: \ta\r\n"],
      ["a blank behind the value", "x: a \r\n"],
      ["a tab behind the value", "x: a\t\r\n"],
      ["no value", "x:\r\n"],
      ["a blank for a value", "x: \r\n"],
      ["no name", ": a\r\n"],
      ["a blank before the colon", "x : a\r\n"],
      ["a control octet in the value", "x: a\0b\r\n"],
      ["a bare LF", "x: a\n\r\n"],
      ["a bare CR", "x: a\rb\r\n"],
      ["a separator in the name", "x(: a\r\n"],
      ["the empty line", "\r\n"],
    ] as const
  ) {
    test(`leaves ${behavior} to the plain steps`, () => {
      assert.equal(note(line), undefined);
    });
  }

  test("leaves a line that is not whole to the plain steps", () => {
    const line = "Host: a b\r\n";
    for (let received = 0; received < line.length; received++) {
      assert.equal(note(line, received), undefined, `${received} bytes`);
    }
  });
});

test("reserveNotes() grows, keeping what was noted", () => {
  const { length } = fieldNotes.notes;
  fieldNotes.notes.forEach((_, i, notes) => notes[i] = i);
  reserveNotes(length - SLOTS);
  assert.equal(fieldNotes.notes.length, length);
  reserveNotes(length);
  assert.ok(fieldNotes.notes.length >= length + SLOTS);
  assert.ok(
    fieldNotes.notes.subarray(0, length).every((entry, i) => entry === i),
  );
});
