/** Formats in Python's `%` style: `%(levelname)-8s %(message)s`. */
import { didYouMean } from "../../text/suggest.ts";
import { ATTRIBUTE_NAMES } from "./record_attributes.ts";

/** A piece of a format: plain text, or an attribute and how it is written. */
export type FormatPart = string | {
  readonly name: string;
  /** Writes the value of the attribute. */
  readonly write: (value: string | number | boolean | undefined) => string;
};

/** `%%`, `%(name)`, flags, width, precision, conversion; or anything that begins with `%`. */
const DIRECTIVE = /%%|%\((\w+)\)([-0# +]*)(\d*)(?:\.(\d+))?([sdifr])|%|[^%]+/g;

/** Splits a format; returns what is wrong with it in words that follow a colon. */
export function readFormat(
  format: string,
): readonly FormatPart[] | { readonly problem: string } {
  const parts: FormatPart[] = [];
  for (const match of format.matchAll(DIRECTIVE)) {
    const [text, name, flags, width, precision, conversion] = match;
    if (name === undefined) {
      if (text === "%") {
        const piece = format.slice(match.index, match.index + 20);
        return { problem: `'${piece}' is no %(attribute)s` };
      }
      parts.push(text === "%%" ? "%" : text);
      continue;
    }
    if (!ATTRIBUTE_NAMES.includes(name)) {
      const close = didYouMean(name, ATTRIBUTE_NAMES).map((one) => `'${one}'`);
      const hint = close.length === 0
        ? ""
        : `: did you mean ${close.join(" or ")}?`;
      return { problem: `records have no attribute '${name}'${hint}` };
    }
    parts.push({
      name,
      write: writer(
        flags!,
        Number(width),
        precision === undefined ? undefined : Number(precision),
        conversion!,
      ),
    });
  }
  return parts;
}

function writer(
  flags: string,
  width: number,
  precision: number | undefined,
  conversion: string,
): (value: string | number | boolean | undefined) => string {
  return (value) => {
    let text = value === undefined ? "-" : String(value);
    if (typeof value === "number" && conversion === "f") {
      text = value.toFixed(precision ?? 6);
    } else if (typeof value === "number" && /[di]/.test(conversion)) {
      text = String(Math.trunc(value));
    } else if (precision !== undefined) text = text.slice(0, precision);
    if (flags.includes("-")) return text.padEnd(width);
    const isPadded = flags.includes("0") && typeof value === "number" &&
      conversion !== "s";
    return text.padStart(width, isPadded ? "0" : " ");
  };
}
