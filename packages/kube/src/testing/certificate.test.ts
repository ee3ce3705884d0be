import { expect, test } from "vitest";
import { pem } from "./certificate.ts";

test("a certificate is written without an empty line, also when its last line is full", () => {
  for (let bytes = 300; bytes < 500; bytes += 1) {
    const text = pem(Buffer.alloc(bytes, 7));
    expect(text).not.toMatch(/\n\n/);
    const body = text.split("\n").slice(1, -2).join("");
    expect(Buffer.from(body, "base64")).toEqual(Buffer.alloc(bytes, 7));
  }
});
