/** Which pages the site has, in which order and under which names. */

/** A page of the navigation. */
export interface Entry {
  /** Path of its Markdown from the root of the repository. */
  readonly file: string;
  /** What the navigation calls it, where that is not the page's title. */
  readonly label?: string;
}

/** Pages under one heading. */
export interface Group {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** The page that the site begins with. */
export const HOME = "docs/README.md";

/** Where pages of `docs/` go that no group names. */
const REST = "Deployment";

/** The order of groups, and of pages in them. Pages that are not there are left out. */
const GROUPS: readonly Group[] = [
  {
    title: "Start",
    entries: [
      { file: "README.md", label: "Overview" },
      { file: "docs/quickstart.md" },
      { file: "docs/asgi.md" },
      { file: "docs/install.md" },
      { file: "docs/features.md" },
      { file: "docs/migrating.md" },
      { file: "examples/README.md" },
    ],
  },
  {
    title: "Applications",
    entries: [
      { file: "docs/interfaces.md" },
      { file: "docs/applications.md" },
      { file: "docs/helpers.md" },
      { file: "docs/fetch.md" },
      { file: "docs/node.md" },
      { file: "docs/wsgi.md" },
      { file: "docs/websockets.md" },
      { file: "docs/topics.md" },
      { file: "docs/testing.md" },
      { file: "docs/embedding.md", label: "Embedding" },
    ],
  },
  {
    title: "Operation",
    entries: [
      { file: "docs/settings.md" },
      { file: "docs/reload.md", label: "Reload" },
      { file: "docs/processes.md" },
      { file: "docs/control.md" },
      { file: "docs/logging.md" },
      { file: "docs/observability.md" },
      { file: "docs/troubleshooting.md" },
    ],
  },
  {
    title: REST,
    entries: [
      { file: "docs/deployment.md" },
      { file: "docs/reverse_proxies.md" },
      { file: "docs/proxies.md", label: "Forwarded fields" },
      { file: "docs/tls.md" },
      { file: "docs/containers.md" },
      { file: "docs/capacity.md" },
    ],
  },
  {
    title: "Reference",
    entries: [
      { file: "docs/api.md" },
      { file: "docs/behaviour.md" },
      { file: "docs/runtimes.md" },
      { file: "CHANGELOG.md" },
    ],
  },
  {
    title: "Project",
    entries: [
      { file: "docs/performance.md" },
      { file: "bench/README.md", label: "All figures" },
      { file: "src/README.md", label: "Design" },
      { file: "src/connection/README.md", label: "Life of a request" },
      { file: "docs/decisions.md" },
      { file: "docs/dependencies.md" },
      { file: "CONTRIBUTING.md" },
      { file: "SECURITY.md" },
      { file: "docs/releasing.md" },
    ],
  },
];

/**
 * The navigation of a repository.
 *
 * @param files Paths of all its Markdown files from its root, with `/`.
 * @returns The groups, without pages that are not among `files`. What lies below `docs/` and has no
 * place of its own stands with the deployment recipes.
 */
export function navigationOf(files: readonly string[]): readonly Group[] {
  const named = new Set(
    GROUPS.flatMap(({ entries }) => entries.map(({ file }) => file)),
  );
  const rest = files
    .filter((file) =>
      file.startsWith("docs/") && file !== HOME && !named.has(file)
    )
    .sort()
    .map((file): Entry => ({ file }));
  return GROUPS.map(({ title, entries }) => ({
    title,
    entries: [
      ...entries.filter(({ file }) => files.includes(file)),
      ...(title === REST ? rest : []),
    ],
  })).filter(({ entries }) => entries.length > 0);
}
