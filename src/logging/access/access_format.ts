/** The lines of the access log: Uvicorn's by default, a preset, or a template of atoms. */
import type { AccessFormat, FormatContext } from "./access_line.ts";
import { accessTemplate } from "./access_template.ts";
import { jsonAccessFormat } from "./json_access_format.ts";
import { uvicornAccessFormat } from "./uvicorn_access_format.ts";

/** Names that stand for a format, in place of a template. */
export const ACCESS_PRESETS = ["uvicorn", "combined", "json"] as const;

/** Apache's and nginx's `combined`, with the duration behind it. */
const COMBINED =
  '%(h)s - %(u)s %(t)s "%(r)s" %(s)s %(B)s "%(f)s" "%(a)s" %(L)s';

/**
 * The format called `name`, or that of a template.
 *
 * @throws TemplateError if it is neither.
 */
export function accessFormat(
  name: string,
  context: FormatContext,
): AccessFormat {
  switch (name) {
    case "uvicorn":
      return uvicornAccessFormat(context);
    case "json":
      return jsonAccessFormat();
    case "combined":
      return accessTemplate(COMBINED, context);
    default:
      return accessTemplate(name, context);
  }
}
