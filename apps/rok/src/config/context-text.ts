import { isMap, parseDocument, type Document } from "yaml";
import { failure } from "@octoplane/shared/errors";

/**
 * The text of a config file with one of its contexts changed; comments and the order of what stays are kept. Pure.
 * `Invalid` when the text is no YAML of keys and values.
 */

/** Keys of a context and what becomes of them; an empty text takes the key away, what is left out stays. */
export interface ContextChange {
  readonly api_url?: string | undefined;
  readonly namespace?: string | undefined;
  readonly token_file?: string | undefined;
  readonly client_ca?: string | undefined;
  readonly client_cert?: string | undefined;
  readonly client_key?: string | undefined;
}

/** Makes the context, or changes it. */
export function withContext(text: string, name: string, change: ContextChange): string {
  const document = read(text);
  const at = ["contexts", name];
  if (!isMap(document.getIn(at))) setBlock(document, at);
  for (const key of ["api_url", "namespace", "token_file"] as const) {
    put(document, [...at, key], change[key]);
  }
  const files = ["client_ca", "client_cert", "client_key"] as const;
  if (files.every((key) => change[key] === undefined)) return textOf(document);
  if (!isMap(document.getIn([...at, "tls"]))) setBlock(document, [...at, "tls"]);
  for (const key of files) put(document, [...at, "tls", key], change[key]);
  const isEmpty = files.every((key) => !document.hasIn([...at, "tls", key]));
  if (isEmpty) document.deleteIn([...at, "tls"]);
  else document.setIn([...at, "tls", "enabled"], true);
  return textOf(document);
}

/** Takes the context away, and the mark on it if it was the current one. */
export function withoutContext(text: string, name: string): string {
  const document = read(text);
  document.deleteIn(["contexts", name]);
  const contexts = document.get("contexts");
  if (isMap(contexts) && contexts.items.length === 0) document.delete("contexts");
  if (document.get("current_context") === name) document.delete("current_context");
  return textOf(document);
}

export function withCurrentContext(text: string, name: string): string {
  const document = read(text);
  document.set("current_context", name);
  return textOf(document);
}

function read(text: string): Document.Parsed {
  const document = parseDocument(text, { prettyErrors: false });
  const [error] = document.errors;
  if (error) throw failure("Invalid", error.message.split("\n")[0] ?? "no YAML");
  if (document.contents === null) document.contents = document.createNode({}) as never;
  if (isMap(document.contents)) {
    document.contents.flow = false;
    return document;
  }
  throw failure("Invalid", "expected a YAML file of keys and values");
}

function setBlock(document: Document.Parsed, path: readonly string[]): void {
  const parent = path.slice(0, -1);
  if (parent.length > 0 && !isMap(document.getIn(parent))) setBlock(document, parent);
  document.setIn(path, document.createNode({}));
}

function put(document: Document.Parsed, path: readonly string[], value: string | undefined): void {
  if (value === undefined) return;
  if (value === "") document.deleteIn(path);
  else document.setIn(path, value);
}

function textOf(document: Document.Parsed): string {
  return document.toString({ lineWidth: 0 });
}
