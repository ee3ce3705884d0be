import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFailure } from "./errors.ts";
import { limits } from "./limits.ts";
import { readDocument, readDocuments } from "./manifest-yaml.ts";

const folder = join(import.meta.dirname, "testdata", "odd-cases");

function read(text: string): readonly unknown[] {
  return readDocuments(text, "in.yaml").documents;
}

/** The value of `v` in a document that has only this. */
function valueOf(text: string): unknown {
  return (read(`v: ${text}\n`)[0] as { v: unknown }).v;
}

function errorOf(text: string): { readonly code: string; readonly message: string } {
  try {
    readDocuments(text, "in.yaml");
  } catch (error) {
    if (isFailure(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("expected the text to be refused");
}

describe("what kubectl wrote down for the odd cases", () => {
  const cases = readdirSync(folder).filter((name) =>
    readdirSync(join(folder, name)).includes("kubectl-reads.json"),
  );
  for (const name of cases) {
    it(`is what the reader makes of ${name}`, () => {
      const text = readFileSync(join(folder, name, "in.yaml"), "utf8");
      const expected = readFileSync(join(folder, name, "kubectl-reads.json"), "utf8");
      // The one integer that a JavaScript number cannot hold has a test of its own.
      const [input, output] = [text, expected].map((part) =>
        part.replace("9007199254740993", "9007199254740992"),
      );
      expect(read(input ?? "")).toEqual(JSON.parse(output ?? ""));
    });
  }

  it("includes files that end without a newline, each read for itself", () => {
    const files = ["a.yaml", "b.yaml"].map((name) =>
      readFileSync(join(folder, "no-newline-at-eof", name), "utf8"),
    );
    // A formatter that had been here would have taken the point away.
    expect(files[0]).not.toMatch(/\n$/);
    expect(files.flatMap(read)).toHaveLength(2);
    // Joined as texts, the two would be one broken document.
    expect(errorOf(files.join("")).code).toBe("Unparsable");
  });

  it("includes a byte order mark and the line ends of another system", () => {
    const text = readFileSync(join(folder, "bom-crlf", "in.yaml"), "utf8");
    expect(text).toMatch(/^\uFEFF[^]*\r\n/);
    expect(read(text)).toMatchObject([{ data: { a: "l1\nl2\n" } }]);
  });

  it("includes objects of every other odd case, none of which is refused as text", () => {
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".yaml") && !name.startsWith("yaml11"))
      .toSorted();
    expect(files.length).toBeGreaterThan(28);
    const empty = files.filter((name) => read(readFileSync(join(folder, name), "utf8")).length < 1);
    expect(empty).toEqual([]);
  });

  it("includes empty and null values as they stand", () => {
    const text = readFileSync(join(folder, "null-and-empty", "in.yaml"), "utf8");
    const [deployment] = read(text) as { spec: { template: { spec: unknown } } }[];
    expect(deployment?.spec.template.spec).toEqual({
      containers: [
        { name: "c", image: "nginx:1.25", env: null, resources: {}, securityContext: {} },
      ],
      nodeSelector: {},
      tolerations: [],
      initContainers: null,
    });
  });
});

/** Every pair was read off kubectl 1.32.4. */
const scalars: readonly (readonly [string, unknown])[] = [
  ["0755", 493],
  ["-0755", -493],
  ["+010", 8],
  ["0o17", 15],
  ["0O17", 15],
  ["-0o17", -15],
  ["0b11", 3],
  ["0b102", "0b102"],
  ["0x1F", 31],
  ["-0x1F", -31],
  ["0x", "0x"],
  ["08", 8],
  ["0899.5", 899.5],
  ["07777777777777777777777777", 7.777777777777778e24],
  ["1_000", 1000],
  ["_1", "_1"],
  ["1_000.5", 1000.5],
  [".5", 0.5],
  [".5_0", 0.5],
  ["._5", "._5"],
  ["5.", 5],
  ["1e3", 1000],
  ["1e400", "1e400"],
  ["12:30:45", "12:30:45"],
  ["2023-05-11", "2023-05-11"],
  ["2023-05-11T00:00:00Z", "2023-05-11T00:00:00Z"],
  ["y", true],
  ["No", false],
  ["oN", "oN"],
  ["off", false],
  ["TRUE", true],
  ["tRUE", "tRUE"],
  ["~", null],
  ["nULL", "nULL"],
  ["<<", "<<"],
  ["=", "="],
  ["9223372036854775808", 9223372036854775808],
  ["18446744073709551616", 18446744073709551616],
  ["-0", 0],
  ["-0.0", 0],
  ["1.2.3", "1.2.3"],
  ["!!str 123", "123"],
  ['!!int "5"', 5],
  ['!!bool "yes"', true],
  ["!!binary aGVsbG8=", "hello"],
  ["!own 12", "12"],
  ["'0755'", "0755"],
  ['"yes"', "yes"],
];

describe("a scalar", () => {
  for (const [text, expected] of scalars) {
    it(`${text} reads as ${JSON.stringify(expected)}`, () => {
      expect(valueOf(text)).toEqual(expected);
    });
  }

  it("that is an integer beyond 2^53 is refused with its line and the ways out", () => {
    const { code, message } = errorOf("a: 1\nb: 9007199254740993\n");
    expect(code).toBe("Unparsable");
    expect(message).toContain("in.yaml:2:4: the integer 9007199254740993");
    expect(message).toContain("9007199254740993.0");
    expect(errorOf('{"a":\n 9007199254740993}').message).toContain("in.yaml:2:2: the integer");
  });

  it("keeps its value whenever it is an integer that a number can hold", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (integer) => {
        expect(valueOf(String(integer))).toBe(integer === 0 ? 0 : integer);
        expect(read(`{"v":${integer}}`)).toEqual([{ v: integer === 0 ? 0 : integer }]);
      }),
    );
  });

  it("without a value in JSON is refused", () => {
    expect(errorOf("a: .inf\n").message).toContain("in.yaml:1:4: expected a finite number");
    expect(errorOf("a: .nan\n").message).toContain("expected a finite number");
    expect(errorOf('{"a": 1e999}').message).toContain("the number 1e999 is out of range");
    expect(errorOf('a: !!int "x"\n').message).toContain("expected a value of !!int");
  });
});

describe("a key", () => {
  const keys = "{y: 1, 'n': 2, 010: 3, 1.5: 4, 1e6: 5, 1234567.5: 6, 9007199254740993: 7, .inf: 8}";

  it("is text, whatever it would be as a value", () => {
    const expected = { true: 1, n: 2, "8": 3, "1.5": 4, "1e+06": 5, "1.2345675e+06": 6 };
    expect(valueOf(keys)).toEqual({ ...expected, "9007199254740993": 7, ".inf": 8 });
  });

  it("that is null or a collection is refused", () => {
    expect(errorOf("{~: a}").message).toContain("found null");
    expect(errorOf("{[a]: b}").message).toContain("in.yaml:1:2: expected a string as key");
  });

  it("that comes twice has its last value", () => {
    expect(valueOf("{a: 1, b: 2, a: 3}")).toEqual({ a: 3, b: 2 });
    expect(read('{"a": 1, "a": 2}')).toEqual([{ a: 2 }]);
  });

  it("may have a name that objects of JavaScript know", () => {
    const value = valueOf("{__proto__: {x: 1}, constructor: 2}") as object;
    expect(Object.keys(value)).toEqual(["__proto__", "constructor"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(JSON.stringify(value)).toBe('{"__proto__":{"x":1},"constructor":2}');
  });
});

describe("anchors and merge keys", () => {
  const base = "x: &x {q: 1, w: 2}\nz: &z {q: 2, e: 3}\n";

  it.each([
    ["<<: *x\n  q: 5", { q: 5, w: 2 }],
    ["q: 5\n  <<: *x", { q: 1, w: 2 }],
    ["<<: [*x, *z]", { q: 1, w: 2, e: 3 }],
    ["<<: *x\n  <<: *z", { q: 2, w: 2, e: 3 }],
    ["<<: {q: 7}", { q: 7 }],
    ["'<<': *x", { "<<": { q: 1, w: 2 } }],
  ])("%j merges as in kubectl", (spec, expected) => {
    const [document] = read(`${base}spec:\n  ${spec}\n`) as { spec: unknown }[];
    expect(document?.spec).toEqual(expected);
  });

  it("are refused where they have no meaning", () => {
    expect(errorOf(`${base}spec:\n  <<: 5\n`).message).toContain("after the merge key");
    expect(errorOf("a: *x\n").message).toContain('the anchor "x" is not defined');
    expect(errorOf("a: &x [*x]\n").message).toContain('the anchor "x" contains itself');
    expect(errorOf("a: &x 1\n---\nb: *x\n").message).toContain("in.yaml:3:4");
  });

  it("mean what they meant where they were used", () => {
    const [document] = read("a: &a 1\nb: &b [*a]\nc: &a 2\nd: *b\ne: *a\n");
    expect(document).toEqual({ a: 1, b: [1], c: 2, d: [1], e: 2 });
  });

  it("cannot grow a small text into a huge value", () => {
    const lines = Array.from({ length: 12 }, (_, level) => {
      const item = level === 0 ? "lol" : `*l${level - 1}`;
      return `l${level}: &l${level} [${Array.from({ length: 10 }, () => item).join(", ")}]`;
    });
    expect(errorOf(lines.join("\n")).message).toContain(`more than ${limits.yamlNodesMax} values`);
  });
});

describe("documents", () => {
  it("end at a separator, which only a comment may follow", () => {
    expect(read("a: 1\r\n---  \r\nb: 2\r\n---#x\r\nc: 3")).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
    expect(errorOf("a: 1\n--- {b: 2}\n").message).toContain("in.yaml:2:4: expected nothing but");
    expect(errorOf("a: 1\n----\n").message).toContain("in.yaml:2:4");
  });

  it("after `...` are refused, because kubectl would lose them", () => {
    expect(errorOf("a: 1\n...\nb: 2\n").message).toContain('in.yaml:3:1: expected "---"');
    expect(read("a: 1\n...\n---\nb: 2\n")).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it("know their lines", () => {
    const text = "# c\n---\na: 1\n---\n\n---\n\nkind: XList\nitems: [{b: 1}, {c: 1}]\n";
    expect(readDocuments(text).lines).toEqual([3, 8, 8]);
  });

  it("may be JSON among YAML, or be nothing at all", () => {
    expect(read('a: 1\n---\n{"b":2}{"c":3}\n')).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
    for (const text of ["", "\n", "# only\n", "---\n---\n", "\uFEFF", "~\n"]) {
      expect(read(text)).toEqual([]);
    }
  });

  it("come back from JSON as they were, alone or in a row", () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(fc.array(object), (objects) => {
        const texts = objects.map((value) => JSON.stringify(value));
        const plain: unknown = JSON.parse(`[${texts.join(",")}]`);
        expect(read(texts.join(""))).toEqual(plain);
        expect(read(texts.join("\n---\n"))).toEqual(plain);
      }),
    );
  });

  it("are refused, never crashed upon, when they are noise", () => {
    const noise = fc.string({
      unit: fc.constantFrom("a", ":", " ", "\n", "-", "{", "}", "[", "]", '"', "&", "*", "\t", "|"),
      maxLength: 40,
    });
    fc.assert(
      fc.property(noise, (text) => {
        try {
          expect(Array.isArray(read(text))).toBe(true);
        } catch (error) {
          if (!isFailure(error, "Unparsable")) throw error;
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a list", () => {
  it("gives its items, which take the kind from a typed list only when they say nothing", () => {
    const text = `apiVersion: v1
kind: ConfigMapList
items:
- metadata: {name: a}
- {apiVersion: v2, metadata: {name: b}}
`;
    expect(read(text)).toEqual([
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } },
      { apiVersion: "v2", metadata: { name: "b" } },
    ]);
  });

  it("may be empty or hold lists, and another kind keeps its items", () => {
    expect(read("{kind: List, items: []}")).toEqual([]);
    expect(read("kind: List\nitems:\n")).toEqual([]);
    expect(read("{kind: List, items: [{kind: List, items: [{kind: A}]}]}")).toEqual([
      { kind: "A" },
    ]);
    expect(read("{kind: T, items: [1]}")).toEqual([{ kind: "T", items: [1] }]);
  });
});

describe("a mistake", () => {
  it.each([
    ["metadata:\n\tname: a\n", "in.yaml:2:1: Tabs are not allowed"],
    ["a: b: c\n", "in.yaml:1:4: "],
    ["metadata:\n  name: a\n labels: {}\n", "in.yaml:3:1: "],
    ["a: 'x\n", "in.yaml:2:1: Missing closing 'quote"],
    ["a: 1\n---\nb: @x\n", "in.yaml:3:4: "],
    ["a: x\u0001y\n", "in.yaml:1:5: expected text, found the control character 0x01"],
    ["\uFEFFa: [\n", "in.yaml:2:1: "],
  ])("in %j is told with source, line and column", (text, expected) => {
    expect(errorOf(text)).toEqual({
      code: "Unparsable",
      message: expect.stringContaining(expected),
    });
  });

  it.each([
    ["yaml", "["],
    ["json", '{"a":['],
    ["block", "- "],
  ])("such as endless nesting in %s is refused", (_name, open) => {
    for (const times of [limits.yamlDepthMax + 1, 20_000]) {
      const text = open.repeat(times) + open.replace(/[^[{]/g, "").repeat(times);
      expect(errorOf(text).code).toBe("Unparsable");
    }
  });

  it("such as a text past the limit is refused before it is read", () => {
    expect(errorOf(" ".repeat(limits.yamlCharsMax + 1)).code).toBe("TooLarge");
    expect(errorOf("a: 1\n---\n".repeat(limits.yamlDocumentsMax + 1)).message).toContain(
      "documents",
    );
  });
});

describe("a text with one document", () => {
  it("is read whole, and another document in it is refused", () => {
    expect(readDocument("{kind: List, items: [1]}")).toEqual({ kind: "List", items: [1] });
    expect(readDocument("# nothing\n")).toBeUndefined();
    expect(() => readDocument("a: 1\n---\nb: 2\n", "config")).toThrow("config:3:1: expected one");
  });
});
