import {
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemRandom } from "@octoplane/shared/random";
import { tarEnd, tarHeader, tarPadding, type TarEntry } from "@octoplane/shared/tar-archive";
import { packFiles } from "./pack-files.ts";
import { linkProblem, pathBelow, targetFor, unpackFiles } from "./unpack-files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rok-unpack-"));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

type Part = Partial<Omit<TarEntry, "size">> & { readonly path: string; readonly text?: string };

async function* archive(...parts: readonly Part[]): AsyncGenerator<Buffer> {
  for (const { text = "", ...part } of parts) {
    const size = text.length;
    const common = { type: "file", mode: 0o644, modified: 1_700_000_000, target: "" } as const;
    const head = tarHeader({ ...common, ...part, size });
    yield part.type === "other" ? asDevice(head) : head;
    yield Buffer.concat([Buffer.from(text), tarPadding(size)]);
  }
  yield tarEnd;
}

/** A character device: the flag, and the sum that it changes. */
function asDevice(head: Buffer): Buffer {
  head.write("3", 156, "latin1");
  head.fill(" ", 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return head;
}

async function whole(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

async function unpack(parts: readonly Part[] | AsyncIterable<Buffer>, name = "top") {
  const place = await mkdtemp(join(folder, "place-"));
  const target = join(place, name === "." ? "out" : name);
  const leftOut: string[] = [];
  const onLeftOut = (path: string, why: string) => void leftOut.push(`${path}: ${why}`);
  const chunks = Array.isArray(parts) ? archive(...parts) : (parts as AsyncIterable<Buffer>);
  const work = unpackFiles(chunks, { name, target, random: systemRandom, onLeftOut });
  return { place, target, leftOut, result: await work.catch((error: Error) => error.message) };
}

describe("an archive of somebody else's", () => {
  test.each([
    ["an absolute path", [{ path: "/etc/passwd", text: "x" }]],
    ["steps up", [{ path: "top/../../up", text: "x" }]],
    ["steps up at the beginning", [{ path: "../up", text: "x" }]],
  ])("with %s is refused, and nothing of it is left", async (_what, parts) => {
    const good = { path: "top/good", text: "good" };
    const { place, result } = await unpack([good, ...parts]);
    expect(result).toContain("leads out of it");
    expect(await readdir(place)).toEqual([]);
  });

  test("makes no links that lead elsewhere, no devices, and writes through no link", async () => {
    const { target, leftOut, result } = await unpack([
      { path: "top/", type: "directory", mode: 0o755 },
      { path: "top/out", type: "symlink", target: ".." },
      { path: "top/far", type: "symlink", target: "/etc" },
      { path: "top/zero", type: "other" },
      { path: "top/sub/in", type: "symlink", target: "../plain" },
      { path: "top/out/written", text: "below a folder, not through the link" },
      { path: "top/plain", text: "x" },
    ]);
    expect(result).toEqual({ files: 2 });
    expect(leftOut.map((text) => text.split(":")[0])).toEqual(["top/out", "top/far", "top/zero"]);
    expect((await lstat(join(target, "out"))).isDirectory()).toBe(true);
    expect(await readFile(join(target, "sub", "in"), "utf8")).toBe("x");
  });

  test("is not written through a link that is there already", async () => {
    const place = await mkdtemp(join(folder, "linked-"));
    const target = join(place, "top");
    await mkdir(target);
    await symlink(folder, join(target, "sub"));
    const chunks = archive({ path: "top/sub/file", text: "x" });
    const onLeftOut = () => undefined;
    const options = { name: "top", target, random: systemRandom, onLeftOut };
    await expect(unpackFiles(chunks, options)).rejects.toThrow("no folder");
    expect(await readdir(folder)).not.toContain("file");
    expect(await readdir(target)).toEqual(["sub"]);
  });

  test("loses the bits that give rights, and keeps modes and times of files and folders", async () => {
    const { target } = await unpack([
      { path: "./top/", type: "directory", mode: 0o500, modified: 1_600_000_000 },
      { path: "./top/tool", text: "x", mode: 0o4755 },
    ]);
    const [top, tool] = [await stat(target), await stat(join(target, "tool"))];
    expect([top.mode & 0o7777, top.mtimeMs / 1_000]).toEqual([0o500, 1_600_000_000]);
    expect([tool.mode & 0o7777, tool.mtimeMs / 1_000]).toEqual([0o755, 1_700_000_000]);
  });

  test("that ends too early leaves neither its files nor half of one", async () => {
    const all = await whole(archive({ path: "top", text: "x".repeat(9_000) }));
    const cut = (async function* () {
      yield all.subarray(0, 4_000);
    })();
    const { place, result } = await unpack(cut);
    expect(result).toContain("ends too early");
    expect(await readdir(place)).toEqual([]);
  });
});

test("no path of an archive leads out, however it is written", () => {
  const part = fc.constantFrom("..", ".", "", "a", "top", "b c");
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), fc.boolean(), (parts, isTop) => {
      const path = parts.join("/");
      let below: string | undefined;
      try {
        below = pathBelow(path, isTop ? "top" : ".");
      } catch {
        expect(path.startsWith("/") || parts.includes("..") || path === "").toBe(true);
        return;
      }
      const found = join("/t", below ?? "");
      expect(found === "/t" || found === "/t/" || found.startsWith("/t/")).toBe(true);
    }),
  );
});

test.each([
  ["a", "b", true],
  ["d/a", "../b", true],
  ["d/a", "../../b", false],
  ["a", "d/../../b", false],
  ["a", "d/..", false],
  ["a", "/b", false],
  ["", "b", false],
])("a link %j to %j comes along: %j", (below, target, isGood) => {
  expect(linkProblem(below, target) === undefined).toBe(isGood);
});

test("what is packed is unpacked: 200 MB in flat memory", async () => {
  const source = join(folder, "big");
  await mkdir(source);
  await writeFile(join(source, "zero"), Buffer.alloc(0));
  const bytes = 200 * 1024 * 1024;
  const pieces = (function* () {
    for (let count = 0; count < 3_200; count += 1) yield Buffer.alloc(64 * 1024, count & 0xff);
  })();
  await writeFile(join(source, "large"), pieces);
  await symlink("large", join(source, "link"));
  const before = process.memoryUsage.rss();
  let peak = 0;
  const packed = (async function* () {
    for await (const chunk of packFiles({
      path: source,
      name: "top",
      onLeftOut: () => undefined,
    })) {
      peak = Math.max(peak, process.memoryUsage.rss());
      yield chunk;
    }
  })();
  const { target, result, leftOut } = await unpack(packed);
  expect([result, leftOut]).toEqual([{ files: 2 }, []]);
  expect((await stat(join(target, "large"))).size).toBe(bytes);
  expect((await lstat(join(target, "link"))).isSymbolicLink()).toBe(true);
  expect(peak - before).toBeLessThan(100 * 1024 * 1024);
}, 60_000);

test("an archive is whole records of twenty blocks", async () => {
  const file = join(folder, "one");
  for (const size of [0, 1, 512, 7_168, 7_680, 8_192, 10_240]) {
    await writeFile(file, "x".repeat(size));
    const options = { path: file, name: "one", onLeftOut: () => undefined };
    const all = await whole(packFiles(options));
    expect(all.length % 10_240).toBe(0);
    expect(all.subarray(-1_024).every((byte) => byte === 0)).toBe(true);
  }
});

test("a copy goes into a folder that is there, and by another name where there is none", async () => {
  const there = await mkdtemp(join(folder, "there-"));
  expect(await targetFor(there, "x")).toBe(join(there, "x"));
  expect(await targetFor(there, ".")).toBe(there);
  expect(await targetFor(join(there, "new"), "x")).toBe(join(there, "new"));
});
