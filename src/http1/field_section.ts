/**
 * The fields of a head, byte by byte, up to the empty line (RFC 9112 §5).
 *
 * As in request_line.ts, step and position are kept when the bytes run out. Where the fields stand
 * is noted in a table that all connections share (field_offsets.ts): a section that came in pieces
 * has lost its notes to other connections by then, and is scanned once more when it is whole.
 */
import type { HttpFaultCode } from "../faults.ts";
import { COLON, CR, LF, SPACE, TAB, TOKEN, VALUE } from "../http/chars.ts";
import { CONTENT_LENGTH, findName, NAMES } from "../http/header_names.ts";
import type { HeaderField } from "../http/request_head.ts";
import { isBlank } from "../text/blanks.ts";
import {
  notes,
  reserveNotes,
  scanSimpleField,
  SLOTS,
} from "./field_offsets.ts";
import { type Framing, LAST_FRAMING_NAME, noteField } from "./framing.ts";
import { FAULT, NEEDS_MORE } from "./scan_result.ts";

/** What is expected next. */
type Step =
  /** The first byte of a field, or CR of the empty line. */
  | "line"
  /** A field's name and the colon. */
  | "name"
  /** Space and tab before a value. */
  | "blanks"
  /** A value, blanks behind it, and CR. */
  | "value"
  /** LF of a field. */
  | "valueLf"
  /** LF of the empty line. */
  | "endLf";

/** Reads the field sections of one connection, one after another. */
export class FieldSection {
  /** What is wrong, once `scan` has returned {@linkcode FAULT}, or `read` false. */
  fault: HttpFaultCode = "BAD_HEADER_NAME";
  #step: Step = "line";
  /** First byte not looked at, relative to the section as are the others. */
  #at = 0;
  /** Where the part being read began. */
  #from = 0;
  /** Fields read. */
  #count = 0;
  /** Whether the section came in pieces. */
  #isCut = false;

  /** Bytes of a section that is not whole that have been looked at. */
  get lookedAt(): number {
    return this.#at;
  }

  /** Forgets the section, for the next one. */
  reset(): void {
    this.#rewind();
    this.#isCut = false;
  }

  #rewind(): void {
    this.#step = "line";
    this.#at = 0;
    this.#from = 0;
    this.#count = 0;
  }

  /**
   * Reads on in `bytes[base, end)`, `base` being the first byte of the section in every call.
   *
   * @returns Bytes of the whole section, the empty line included; {@linkcode NEEDS_MORE} or
   * {@linkcode FAULT}.
   */
  scan(
    bytes: Uint8Array,
    base: number,
    end: number,
    maxFields: number,
  ): number {
    const size = this.#scan(bytes, base, end, maxFields);
    if (size === NEEDS_MORE) {
      this.#isCut = true;
    } else if (size > 0 && this.#isCut) {
      this.#rewind();
      return this.#scan(bytes, base, end, maxFields);
    }
    return size;
  }

  #scan(
    bytes: Uint8Array,
    base: number,
    end: number,
    maxFields: number,
  ): number {
    let at = base + this.#at;
    while (at < end) {
      switch (this.#step) {
        case "line": {
          const byte = bytes[at];
          if (byte === CR) {
            at++;
            this.#step = "endLf";
            break;
          }
          if (byte === SPACE || byte === TAB) {
            return this.#fail("OBSOLETE_FOLD");
          }
          if (byte === LF) return this.#fail("BAD_LINE_END");
          if (this.#count === maxFields) return this.#fail("TOO_MANY_HEADERS");
          const slot = this.#count * SLOTS;
          reserveNotes(slot);
          const next = scanSimpleField(bytes, base, at, end, slot);
          if (next > 0) {
            this.#count++;
            at = next;
            break;
          }
          this.#from = at - base;
          this.#step = "name";
          break;
        }
        case "name": {
          while (at < end && TOKEN[bytes[at]] === 1) at++;
          if (at === end) break;
          const nameAt = base + this.#from;
          // Also a blank before the colon, which some read as part of the name and some do not.
          if (bytes[at] !== COLON || at === nameAt) {
            return this.#fail("BAD_HEADER_NAME");
          }
          const slot = this.#count * SLOTS;
          notes[slot] = findName(bytes, nameAt, at);
          notes[slot + 1] = this.#from;
          notes[slot + 2] = at - base;
          at++;
          this.#step = "blanks";
          break;
        }
        case "blanks":
          while (at < end && isBlank(bytes[at])) at++;
          if (at === end) break;
          this.#from = at - base;
          this.#step = "value";
          break;
        case "value": {
          while (at < end && VALUE[bytes[at]] === 1) at++;
          if (at === end) break;
          const byte = bytes[at];
          if (byte === LF) return this.#fail("BAD_LINE_END");
          if (byte !== CR) return this.#fail("BAD_HEADER_VALUE");
          let last = at - base;
          while (last > this.#from && isBlank(bytes[base + last - 1])) last--;
          const slot = this.#count * SLOTS;
          notes[slot + 3] = this.#from;
          notes[slot + 4] = last;
          at++;
          this.#step = "valueLf";
          break;
        }
        case "valueLf":
          if (bytes[at] !== LF) return this.#fail("BAD_HEADER_VALUE"); // a bare CR
          at++;
          this.#count++;
          this.#step = "line";
          break;
        case "endLf":
          if (bytes[at] !== LF) return this.#fail("BAD_LINE_END");
          return at + 1 - base;
      }
    }
    this.#at = at - base;
    return NEEDS_MORE;
  }

  #fail(fault: HttpFaultCode): -1 {
    this.fault = fault;
    return FAULT;
  }

  /**
   * Turns the notes of a whole section into fields, and notes in `framing` what they say of it. To
   * be called before another section is scanned.
   *
   * @param text The section, a unit for each byte.
   * @returns False after a fault.
   */
  read(text: string, headers: HeaderField[], framing: Framing): boolean {
    for (
      let field = 0, slot = 0;
      field < this.#count;
      field++, slot += SLOTS
    ) {
      const known = notes[slot];
      const name = known !== 0
        ? NAMES[known]
        : text.substring(notes[slot + 1], notes[slot + 2]).toLowerCase();
      let value = text.substring(notes[slot + 3], notes[slot + 4]);
      if (known !== 0 && known <= LAST_FRAMING_NAME) {
        const hadLength = framing.contentLength >= 0;
        const fault = noteField(known, value, framing);
        if (fault !== undefined) {
          this.fault = fault;
          return false;
        }
        if (known === CONTENT_LENGTH) {
          // RFC 9110 §8.6: the same length again, in a list or another line, becomes one value, so
          // that applications and what they pass it on to cannot choose another.
          if (hadLength) continue;
          if (value.includes(",")) value = `${framing.contentLength}`;
        }
      }
      headers.push([name, value]);
    }
    return true;
  }
}
