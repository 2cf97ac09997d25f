/** What a module exports, read from its source: every exported name with its declarations. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/** One exported name. */
export interface Exported {
  readonly name: string;
  /** In the order of the source; overloads make several. */
  readonly declarations: readonly ts.Node[];
}

/** Reads modules, each once. */
export class Modules {
  readonly #parsed = new Map<string, ts.SourceFile>();

  /** The source of a module. @param path Absolute. */
  source(path: string): ts.SourceFile {
    const known = this.#parsed.get(path);
    if (known !== undefined) return known;
    if (!existsSync(path)) throw new Error(`Cannot find module "${path}"`);
    const parsed = ts.createSourceFile(
      path,
      readFileSync(path, "utf8"),
      ts.ScriptTarget.Latest,
      true,
    );
    this.#parsed.set(path, parsed);
    return parsed;
  }

  /** Everything that a module exports by name, in its order. @param path Absolute. */
  exportsOf(path: string): Exported[] {
    const found = new Map<string, Exported>();
    const add = (name: string, declarations: readonly ts.Node[]) => {
      const before = found.get(name)?.declarations ?? [];
      found.set(name, { name, declarations: [...before, ...declarations] });
    };
    for (const statement of this.source(path).statements) {
      if (ts.isExportDeclaration(statement)) {
        const { moduleSpecifier: from, exportClause: clause } = statement;
        if (from === undefined || !ts.isStringLiteral(from)) continue;
        const target = join(dirname(path), from.text);
        const all = this.exportsOf(target);
        if (clause === undefined) {
          for (const each of all) add(each.name, each.declarations);
        } else if (ts.isNamedExports(clause)) {
          for (const { name, propertyName } of clause.elements) {
            const original = (propertyName ?? name).text;
            const exported = all.find((one) => one.name === original);
            if (exported === undefined) {
              throw new Error(`Cannot find "${original}" in "${target}"`);
            }
            add(name.text, exported.declarations);
          }
        }
      } else if (isExported(statement)) {
        for (const name of namesOf(statement)) add(name, [statement]);
      }
    }
    return [...found.values()];
  }
}

function isExported(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) =>
      kind === ts.SyntaxKind.ExportKeyword
    );
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) =>
      name.getText()
    );
  }
  const { name } = statement as ts.DeclarationStatement;
  return name === undefined ? [] : [name.text];
}
