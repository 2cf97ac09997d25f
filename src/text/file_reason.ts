/** Why a file that the operator names cannot be read, in the same words on every runtime. */

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "it does not exist",
  ENOTDIR: "it does not exist",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
  EINVAL: "it is not a regular file",
  ENXIO: "it is not a regular file",
  ELOOP: "too many symbolic links",
  ENAMETOOLONG: "the path is too long",
  EMFILE: "too many open files",
};

/** What opening or reading the file at `path` has thrown, to follow a colon. */
export function fileReason(error: unknown, path: string): string {
  const { name, code, message } = error as Error & { readonly code?: string };
  if (name === "NotCapable" || name === "PermissionDenied") {
    return `Deno does not allow it, run it with --allow-read=${path}`;
  }
  const known = code === undefined ? undefined : REASONS[code];
  return known ?? message.split("\n")[0]!;
}
