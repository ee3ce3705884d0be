import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { functionsOf } from "./functions.ts";
import { layers } from "./layers.ts";
import { importsOf, isTest, packageOf, root, sourceFiles } from "./sources.ts";

const code = sourceFiles(/^(?:packages|apps)\/.*\.ts$|^test\/.*\.ts$/).filter(
  ({ path }) => !path.includes("/testdata/"),
);
const product = code.filter(({ path }) => !isTest(path));

/** Findings as lines that say where. */
/** All lines of the lists of limits. */
function limitLines(): readonly string[] {
  const lists = code.filter(({ path }) => /^packages\/shared\/src\/limits[./]/.test(path));
  return lists.flatMap(({ lines }) => lines);
}

function findings<T>(items: readonly T[], say: (item: T) => readonly string[]): readonly string[] {
  return items.flatMap(say);
}

describe("layers", () => {
  it("every workspace package stands in the table, and the table names no other", () => {
    const folders = sourceFiles(/^(?:packages|apps)\/[^/]+\/package\.json$/).map(({ path }) =>
      packageOf(path),
    );
    expect(new Set(folders)).toEqual(new Set(Object.keys(layers)));
  });

  it("declares what the table allows, and imports what it declares", () => {
    const wrong = findings(
      sourceFiles(/^(?:packages|apps)\/[^/]+\/package\.json$/),
      ({ path, text }) => {
        const name = packageOf(path)!;
        const declared = Object.keys(
          (JSON.parse(text) as { dependencies?: object }).dependencies ?? {},
        );
        const own = declared.filter((dependency) => dependency.startsWith("@octoplane/"));
        const forbidden = own.filter(
          (dependency) => !layers[name]?.mayImport.includes(dependency.slice(11)),
        );
        const used = new Set(
          code
            .filter((source) => packageOf(source.path) === name)
            .flatMap((source) => importsOf(source).map(packageNameOf)),
        );
        const unused = declared.filter((dependency) => !used.has(dependency));
        return [
          ...forbidden.map(
            (dependency) => `${path} declares ${dependency}, which its layer may not import`,
          ),
          ...unused.map((dependency) => `${path} declares ${dependency} and does not import it`),
        ];
      },
    );
    expect(wrong).toEqual([]);
  });

  it("no file imports what its package does not declare, or what its layer never touches", () => {
    const devDependencies = new Set(["vitest", "fast-check"]);
    const wrong = findings(code, (source) => {
      const name = packageOf(source.path);
      if (name === undefined) return [];
      const manifest = readFileSync(
        join(root, source.path.split("/").slice(0, 2).join("/"), "package.json"),
        "utf8",
      );
      const declared = Object.keys(
        (JSON.parse(manifest) as { dependencies?: object }).dependencies ?? {},
      );
      return importsOf(source).flatMap((imported) => {
        const never = layers[name]?.neverTouches ?? [];
        if (!isTest(source.path) && never.some((pattern) => pattern.test(imported))) {
          return [`${source.path} imports ${imported}, which ${name} never touches`];
        }
        if (imported.startsWith(".") || imported.startsWith("node:")) return [];
        const dependency = packageNameOf(imported);
        if (declared.includes(dependency)) return [];
        if (
          isTest(source.path) &&
          (devDependencies.has(dependency) || dependency.startsWith("@octoplane/"))
        )
          return [];
        return [`${source.path} imports ${dependency}, which ${name} does not declare`];
      });
    });
    expect(wrong).toEqual([]);
  });

  it("placement is pure: nothing in it is asynchronous or reads a clock", () => {
    const wrong = findings(
      product.filter(({ path }) => path.startsWith("packages/placement/")),
      ({ path, lines }) =>
        lines.flatMap((line, index) =>
          /\basync\b|\bawait\b|Date\.now|new Date\(\)|Math\.random|performance\./.test(line)
            ? [`${path}:${index + 1}: ${line.trim()}`]
            : [],
        ),
    );
    expect(wrong).toEqual([]);
  });

  it("only the resources write to the store", () => {
    const wrong = findings(product, ({ path, lines }) =>
      /^packages\/(?:store|resources)\//.test(path)
        ? []
        : lines.flatMap((line, index) => (/\.commit\(/.test(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(wrong).toEqual([]);
  });
});

describe("style", () => {
  /** What reaches out of the process, and the files that are its home. */
  const homes: readonly (readonly [what: RegExp, homes: RegExp])[] = [
    [/\bprocess\.env\b/, /^packages\/shared\/src\/config\.ts$|^apps\/rok\/bin\//],
    [/\bDate\.now\(/, /^packages\/shared\/src\/clock\.ts$/],
    [/\bperformance\.now\(/, /^packages\/shared\/src\/clock\.ts$/],
    [/\bsetTimeout\(/, /^packages\/shared\/src\/clock\.ts$|^apps\/distributed\/src\/child\.ts$/],
    [/\bsetInterval\(/, /^packages\/shared\/src\/lifecycle\.ts$/],
    [/\bMath\.random\(/, /^$/],
    [/\bconsole\./, /^$/],
  ];

  it("time, randomness, environment and output stay in their homes", () => {
    const wrong = findings(product, ({ path, lines }) =>
      lines.flatMap((line, index) =>
        homes.flatMap(([what, home]) =>
          what.test(line) && !home.test(path) && !/^\s*(?:\*|\/\/)/.test(line)
            ? [`${path}:${index + 1}: ${line.trim()}`]
            : [],
        ),
      ),
    );
    expect(wrong).toEqual([]);
  });

  it("files stay under 400 lines, functions under 70", () => {
    const wrong = findings(product, ({ path, lines }) => [
      ...(lines.length > 400 ? [`${path} has ${lines.length} lines`] : []),
      ...functionsOf(lines)
        .filter(({ length }) => length > 70)
        .map(({ name, line, length }) => `${path}:${line}: ${name} has ${length} lines`),
    ]);
    expect(wrong).toEqual([]);
  });

  it("no default exports, no barrels, no names that say nothing, nothing unfinished", () => {
    const wrong = findings(code, ({ path, lines }) => {
      const name = path.split("/").at(-1)!;
      return [
        ...(/^(?:utils?|helpers?|common|misc|types|index)\.ts$/.test(name)
          ? [`${path}: a name that says nothing`]
          : []),
        ...(/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(name) ? [] : [`${path}: not kebab-case`]),
        ...lines.flatMap((line, index) =>
          /^export (?:default|\*)/.test(line) ||
          new RegExp(`\\b(?:${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`).test(line)
            ? [`${path}:${index + 1}: ${line.trim()}`]
            : [],
        ),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it("no test is skipped for good or runs alone, and none sleeps", () => {
    const wrong = findings(
      code.filter(({ path }) => path.endsWith(".test.ts") || path.startsWith("test/e2e/")),
      ({ path, lines }) =>
        lines.flatMap((line, index) =>
          /\b(?:it|test|describe)\.(?:only|todo)\b|\bsleep\(|setTimeout\(resolve/.test(line)
            ? [`${path}:${index + 1}: ${line.trim()}`]
            : [],
        ),
    );
    expect(wrong.filter((line) => !line.startsWith("test/tidy/"))).toEqual([]);
  });

  it("every limit says why", () => {
    const lines = limitLines();
    const bare = lines.flatMap((line, index) => {
      const isEntry = /^ {2}\w+: [\d_]/.test(line);
      const before = lines[index - 1]?.trim() ?? "";
      return isEntry && !before.endsWith("*/") && !/^\w+: [\d_]/.test(before) ? [line.trim()] : [];
    });
    expect(bare).toEqual([]);
  });

  it("every limit bounds something", () => {
    const names = limitLines().flatMap((line) => /^ {2}(\w+): /.exec(line)?.[1] ?? []);
    expect(names.length).toBeGreaterThan(80);
    const read = product.flatMap(({ text }) => [
      ...[...text.matchAll(/\blimits\.(\w+)/g)].map((match) => match[1]!),
      ...[...text.matchAll(/\{([^{}]*)\} = limits\b/g)].flatMap((match) =>
        match[1]!.split(",").map((name) => name.trim()),
      ),
    ]);
    expect(names.filter((name) => !read.includes(name))).toEqual([]);
  });

  it("every file is imported by another, or is where something starts", () => {
    const imported = new Set(
      code.flatMap((source) =>
        importsOf(source).map((target) => {
          if (target.startsWith("@octoplane/"))
            return target.slice(11).replace("/", "/src/") + ".ts";
          if (!target.startsWith(".")) return "";
          return join("/", source.path, "..", target).slice(1);
        }),
      ),
    );
    const starts =
      /(?:^|\/)main\.ts$|\.test\.ts$|^test\/(?:run|property-seed)\.ts$|\/demo-main\.ts$|^test\/conformance\/lmdb-writer\.ts$|^test\/bench\/(?:api-only|bare-server|bare-store-server)\.ts$/;
    const alone = code
      .map(({ path }) => path)
      .filter((path) => !starts.test(path))
      .filter(
        (path) => !imported.has(path) && !imported.has(path.replace(/^(?:packages|apps)\//, "")),
      );
    expect(alone).toEqual([]);
  });
});

describe("documents", () => {
  const documents = sourceFiles(/\.md$/);

  it("every document has one title, and its links lead somewhere", () => {
    const tracked = new Set(sourceFiles(/./).map(({ path }) => path));
    const wrong = findings(documents, ({ path, text }) => {
      const prose = text.replace(/```[\s\S]*?```/g, "");
      const titles = prose.match(/^# /gm)?.length ?? 0;
      const links = [...prose.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map((match) =>
        join("/", path, "..", match[1]!).slice(1),
      );
      return [
        ...(titles === 1 ? [] : [`${path} has ${titles} titles`]),
        ...links
          .filter(
            (link) =>
              ![...tracked].some(
                (file) => file === link || file.startsWith(`${link.replace(/\/$/, "")}/`),
              ),
          )
          .map((link) => `${path} links to ${link}`),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it("every script of package.json is in the README", () => {
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: Readonly<Record<string, string>>;
    };
    const readme = documents.find(({ path }) => path === "README.md")?.text ?? "";
    const missing = Object.keys(scripts).filter(
      (name) => !readme.includes(`npm run ${name}`) && !readme.includes(`npm ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

describe("the rules themselves", () => {
  it("see imports of every form", () => {
    const text =
      'import a from "x";\nimport {\n  b,\n} from "./y.ts";\nexport { c } from "z";\nimport "w";\nawait import("v");';
    expect(importsOf({ text })).toEqual(["x", "./y.ts", "z", "w", "v"]);
  });

  it("measure functions and methods, and take calls for what they are", () => {
    const lines = [
      "function a() {",
      "  b(",
      "    1,",
      "  );",
      "}",
      "class C {",
      "  async #m(x: number): Promise<void> {",
      "    x;",
      "  }",
      "}",
    ];
    expect(functionsOf(lines)).toEqual([
      { name: "a", line: 1, length: 5 },
      { name: "#m", line: 7, length: 3 },
    ]);
  });
});

function packageNameOf(imported: string): string {
  const parts = imported.split("/");
  return imported.startsWith("@") ? parts.slice(0, 2).join("/") : parts[0]!;
}
