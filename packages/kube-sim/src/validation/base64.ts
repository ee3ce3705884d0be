import { mapAt, type JsonMap } from "../json.ts";

/**
 * Where the first value of a Secret's data stops being base64, in the words of Go's decoder;
 * undefined when all of it can be read.
 */
export function illegalBase64(object: JsonMap): string | undefined {
  if (object["kind"] !== "Secret") return undefined;
  for (const value of Object.values(mapAt(object, "data"))) {
    if (typeof value !== "string") continue;
    const text = value.replaceAll(/[\r\n]/gu, "");
    const end = /^[A-Za-z0-9+/]*/u.exec(text)![0].length;
    const rest = text.slice(end);
    const isWhole = text.length % 4 === 0 && (rest === "" || rest === "=" || rest === "==");
    if (!isWhole) return `illegal base64 data at input byte ${end}`;
  }
  return undefined;
}
