/**
 * Access lines by a template: text with atoms `%(name)s`, `%({field}i)s` for a field of the request,
 * `%({field}o)s` for one of the response, `%({NAME}e)s` for an environment variable, and `%%`.
 */
import { type Atom, ATOMS, fieldValue, UNKNOWN } from "./access_atoms.ts";
import type { AccessFormat, FormatContext } from "./access_line.ts";
import { quoteText } from "../escape.ts";
import type { RequestRecord } from "./request_record.ts";

/** A template that cannot be used; the message follows a colon. */
export class TemplateError extends Error {
  override readonly name = "TemplateError";
}

type Part = string | Atom["value"];

/**
 * Compiles `template`.
 *
 * @throws TemplateError if an atom is unknown or not closed.
 */
export function accessTemplate(
  template: string,
  context: FormatContext,
): AccessFormat {
  const parts: Part[] = [];
  let firstByte = false;
  let responseFields = false;
  let coarseTimes = true;
  let text = "";
  let at = 0;
  for (;;) {
    const percent = template.indexOf("%", at);
    if (percent < 0) break;
    text += template.slice(at, percent);
    if (template[percent + 1] === "%") {
      text += "%";
      at = percent + 2;
      continue;
    }
    const end = template.indexOf(")s", percent);
    if (template[percent + 1] !== "(" || end < 0) {
      throw new TemplateError(
        `"${
          template.slice(percent, percent + 20)
        }" is no atom: expected %(name)s or %%`,
      );
    }
    const name = template.slice(percent + 2, end);
    const atom = atomOf(name, context);
    firstByte ||= atom.needs === "firstByte";
    responseFields ||= atom.needs === "responseFields";
    coarseTimes &&= atom.needs !== "exactTimes" && atom.needs !== "firstByte";
    parts.push(text, atom.value);
    text = "";
    at = end + 2;
  }
  parts.push(`${text}${template.slice(at)}\n`);
  return {
    format: (record) => render(parts, record, context),
    needs: { firstByte, responseFields, coarseTimes },
  };
}

function render(
  parts: readonly Part[],
  record: RequestRecord,
  context: FormatContext,
): string {
  let line = "";
  for (const part of parts) {
    line += typeof part === "string" ? part : part(record, context);
  }
  return line;
}

/** `{name}` and the letter that says of what. */
const FIELD_ATOM = /^\{([^{}]+)\}([ioe])$/;

function atomOf(name: string, context: FormatContext): Atom {
  const match = FIELD_ATOM.exec(name);
  if (match !== null) return fieldAtom(match[1]!, match[2]!, context);
  const atom = ATOMS.get(name);
  if (atom !== undefined) return atom;
  throw new TemplateError(
    `the atom "${quoteText(name)}" is unknown: expected one of ${
      [...ATOMS.keys()].join(", ")
    }, {field}i, {field}o or {VARIABLE}e`,
  );
}

function fieldAtom(name: string, of: string, context: FormatContext): Atom {
  if (of === "e") {
    const value = quoteText(context.env(name) ?? UNKNOWN);
    return { value: () => value };
  }
  const field = name.toLowerCase();
  return of === "i"
    ? { value: ({ requestFields }) => fieldValue(requestFields, field) }
    : {
      needs: "responseFields",
      value: ({ responseFields }) => fieldValue(responseFields, field),
    };
}
