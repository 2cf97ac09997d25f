/** Declarations as a reader sees them: without bodies, private members and comments. */
import ts from "typescript";
import { docCommentOf } from "./doc_comment.ts";
import type { DocComment } from "./doc_comment.ts";

/** A member of an interface or a class. */
export interface Member {
  /** Its name, without types. */
  readonly name: string;
  /** One declaration each; overloads make several. */
  readonly signature: string;
  readonly comment: DocComment;
}

/** A declaration in pieces. */
export interface Shape {
  readonly kind: "class" | "constant" | "function" | "interface" | "type";
  /** TypeScript. Of a class or interface only what stands in front of its members. */
  readonly signature: string;
  readonly members: readonly Member[];
}

const printer = ts.createPrinter({ removeComments: true });

/** The shape of an exported declaration. */
export function shapeOf(node: ts.Node): Shape {
  if (ts.isFunctionDeclaration(node)) {
    return { kind: "function", signature: withoutBody(node), members: [] };
  }
  if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) {
    const members = [...node.members].filter(isPublic);
    return {
      kind: ts.isClassDeclaration(node) ? "class" : "interface",
      signature: headOf(node),
      members: members.map((member): Member => ({
        name: nameOf(member),
        signature: withoutBody(member),
        comment: docCommentOf(member),
      })),
    };
  }
  if (ts.isTypeAliasDeclaration(node)) {
    return { kind: "type", signature: print(node), members: [] };
  }
  const [declaration] = (node as ts.VariableStatement).declarationList
    .declarations;
  const { name, type, initializer } = declaration!;
  const value = type === undefined ? ` = ${initializer?.getText()}` : "";
  return {
    kind: "constant",
    signature: `const ${name.getText()}${
      type === undefined ? "" : `: ${type.getText()}`
    }${value}`,
    members: [],
  };
}

/** As it is laid out in its source, without comments and `export`. */
function print(node: ts.Node): string {
  return printer.printNode(
    ts.EmitHint.Unspecified,
    node,
    node.getSourceFile(),
  ).replace(/^export (?:declare )?/, "").replace(/;$/, "");
}

function headOf(node: ts.ClassDeclaration | ts.InterfaceDeclaration): string {
  const text = node.getSourceFile().text;
  const begin = node.getStart();
  return text.slice(begin, text.indexOf("{", headEnd(node)))
    .replace(/^export (?:declare )?/, "").replace(/\s+/g, " ").trim();
}

/** Where the braces of the members may begin: behind name, type parameters and heritage. */
function headEnd(node: ts.ClassDeclaration | ts.InterfaceDeclaration): number {
  return Math.max(
    node.name?.end ?? node.getStart(),
    node.typeParameters?.end ?? 0,
    ...(node.heritageClauses ?? []).map(({ end }) => end),
  );
}

function isPublic(member: ts.Node): boolean {
  if (ts.isClassStaticBlockDeclaration(member)) return false;
  const { name } = member as ts.ClassElement;
  if (name !== undefined && ts.isPrivateIdentifier(name)) return false;
  const flags = ts.getCombinedModifierFlags(member as ts.Declaration);
  return (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) ===
    0;
}

function nameOf(member: ts.Node): string {
  if (ts.isConstructorDeclaration(member)) return "constructor";
  if (ts.isIndexSignatureDeclaration(member)) return "[key]";
  if (ts.isCallSignatureDeclaration(member)) return "call";
  const { name } = member as ts.ClassElement;
  return name?.getText() ?? "";
}

/** A function, method, accessor or property, without what it does. */
function withoutBody(node: ts.Node): string {
  const { body, initializer } = node as {
    readonly body?: ts.Node;
    readonly initializer?: ts.Node;
  };
  const end = body?.getFullStart() ??
    (ts.isPropertyDeclaration(node) && node.type !== undefined
      ? node.type.end
      : initializer?.end ?? node.end);
  const source = node.getSourceFile().text;
  const text = source.slice(node.getStart(), end)
    .replace(/\/\*[^]*?\*\/\s*|^\s*\/\/.*\n/gm, "")
    .replace(/^(?:export |declare |override |async )+/, "")
    .replace(/[;,\s]+$/, "");
  return unindent(text);
}

/** Takes from all lines the indentation of the last, which is that of the declaration. */
function unindent(text: string): string {
  const indent = /\n( *)\S[^\n]*$/.exec(text)?.[1] ?? "";
  return text.replaceAll(`\n${indent}`, "\n");
}
