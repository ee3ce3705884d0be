import { posix } from "node:path";
import { usageError } from "../exit-status.ts";

/** One end of a copy: a path here, or one in a container of an application. */
export type CopyPlace =
  | { readonly type: "local"; readonly path: string }
  | { readonly type: "remote"; readonly application: string; readonly path: string };

export interface CopyPlan {
  readonly direction: "up" | "down";
  readonly application: string;
  readonly local: string;
  readonly remote: string;
}

/** `NAME:PATH` is in a container; `./a:b` is here. Pure. */
export function readCopyPlace(text: string): CopyPlace {
  const [, application, path] = /^([a-z0-9][a-z0-9._-]*):([^]*)$/i.exec(text) ?? [];
  if (application === undefined || path === undefined) return { type: "local", path: text };
  if (path === "") throw usageError(`expected a path behind ${text}`);
  return { type: "remote", application, path };
}

/** Pure. */
export function readCopyPlan(from: string, to: string): CopyPlan {
  const [source, target] = [readCopyPlace(from), readCopyPlace(to)];
  if (source.type === "remote" && target.type === "local") {
    const { application, path: remote } = source;
    return { direction: "down", application, local: target.path, remote };
  }
  if (source.type === "local" && target.type === "remote") {
    const { application, path: remote } = target;
    return { direction: "up", application, local: source.path, remote };
  }
  throw usageError("expected one path here and one in the application, such as web:/tmp/report");
}

/**
 * `web-1/var/log` names a Pod, if there is one of that name, and a path from its root; anything else is a path, from the folder
 * that the container works in when it does not begin with a slash. Pure.
 */
export function splitPod(
  path: string,
  isPod: (name: string) => boolean,
): { readonly pod: string | undefined; readonly path: string } {
  const slash = path.indexOf("/");
  const first = slash < 0 ? path : path.slice(0, slash);
  if (slash <= 0 || !isPod(first)) return { pod: undefined, path };
  return { pod: first, path: `/${path.slice(slash).replace(/^\/+/, "")}` };
}

/** The folder and the name in it: what `tar` is told of a path. Pure. */
export function folderAndName(path: string): { readonly folder: string; readonly name: string } {
  const plain = posix.normalize(path).replace(/(?<=.)\/+$/, "");
  const name = posix.basename(plain);
  // The root, the working folder and the ones above have no name of their own.
  if (plain === "/" || name === "." || name === "..") return { folder: plain, name: "." };
  return { folder: posix.dirname(plain), name };
}
