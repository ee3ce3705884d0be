import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFailure, messageOf } from "@octoplane/shared/errors";
import { find, renderTemplate } from "./jsonpath-value.ts";
import { parsePath, parseTemplate } from "./jsonpath.ts";

const web = {
  metadata: { name: "web", labels: { "app.kubernetes.io/name": "w", a: "1" } },
  status: { state: "RUNNING", parts: [{ a: "b", n: 1 }, { a: "c", n: 2 }, { n: 3 }] },
};
const list = [web, { metadata: { name: "db" }, status: { state: "FAILED", parts: [] } }];

function rendered(template: string, value: unknown): string {
  return renderTemplate(parseTemplate(template), value);
}

describe("templates", () => {
  const cases: readonly (readonly [template: string, value: unknown, text: string])[] = [
    ["{.metadata.name}", web, "web"],
    [".metadata.name", web, "web"],
    ["{$.metadata.name}", web, "web"],
    ["name: {.metadata.name}!", web, "name: web!"],
    ["{.items[*].metadata.name}", list, "web db"],
    ["{[*].metadata.name}", list, "web db"],
    ["{.items[0].metadata.name}", list, "web"],
    ["{.items[-1:].metadata.name}", list, "db"],
    ["{.items[0,1].status.state}", list, "RUNNING FAILED"],
    [
      '{range .items[*]}{.metadata.name}{"\\t"}{.status.state}{"\\n"}{end}',
      list,
      "web\tRUNNING\ndb\tFAILED\n",
    ],
    ["{range .items}{@.metadata.name};{end}", list, "web;db;"],
    ['{.items[?(@.status.state=="FAILED")].metadata.name}', list, "db"],
    ['{.status.parts[?(@.a=="b")].n}', web, "1"],
    ["{.status.parts[?(@.n>=2)].n}", web, "2 3"],
    ["{.status.parts[?(@.a)].n}", web, "1 2"],
    ['{.status.parts[?(@.a!="b")].n}', web, "2"],
    ["{.metadata.labels['app.kubernetes.io/name']}", web, "w"],
    ["{.metadata.labels.app\\.kubernetes\\.io/name}", web, "w"],
    ["{.metadata['name','labels'].a}", web, "1"],
    ["{.metadata.labels}", web, '{"app.kubernetes.io/name":"w","a":"1"}'],
    ["{..n}", web, "1 2 3"],
    ["{.status.parts[*].*}", web, "b 1 c 2 3"],
    ["{.metadata.nothing.below}", web, ""],
    ["{.metadata.name} {.status.nothing}", web, "web "],
    ["{.constructor.name}", web, ""],
    ["", web, ""],
  ];
  for (const [template, value, text] of cases) {
    test(`${template} gives ${JSON.stringify(text)}`, () => {
      expect(rendered(template, value)).toBe(text);
    });
  }

  const wrong: readonly (readonly [template: string, at: number, message: RegExp])[] = [
    ["{.items[}", 9, /expected an index/],
    ["{.items[0}", 10, /expected \], found }/],
    ["{.items", 8, /found the end/],
    ["{range .items[*]}{.a}", 1, /this range has no \{end\}/],
    ["a{end}", 2, /without a \{range/],
    ['{"open}', 2, /this quote is not closed/],
    ["{items}", 2, /expected a path/],
    ["{.a[?(@.b =~ 1)]}", 11, /expected one of ==/],
    [".a[", 4, /expected an index/],
  ];
  for (const [template, at, message] of wrong) {
    test(`${template} is refused at character ${at}`, () => {
      try {
        parseTemplate(template);
        expect.unreachable();
      } catch (error) {
        expect(isFailure(error, "Invalid")).toBe(true);
        expect(messageOf(error)).toMatch(new RegExp(`^at character ${at}: `));
        expect(messageOf(error)).toMatch(message);
      }
    });
  }

  test("any text is a template or is refused with a place inside it", () => {
    const text = fc.string({ unit: fc.constantFrom(..."{}[]().@$*?'\"=<>!ab0-, \\\n".split("")) });
    fc.assert(
      fc.property(text, (template) => {
        try {
          renderTemplate(parseTemplate(template), list);
        } catch (error) {
          const place = Number(/^at character (\d+): /.exec(messageOf(error))?.[1]);
          expect(place).toBeGreaterThanOrEqual(1);
          expect(place).toBeLessThanOrEqual(template.length + 1);
        }
      }),
      { examples: [[".\\"]] },
    );
  });

  test("a key in quotes leads to its value, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (key, value) => {
        const quoted = key.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
        const object = Object.fromEntries([[key, value]]);
        expect(find(parsePath(`['${quoted}']`), object)).toEqual([value]);
      }),
    );
  });

  test("text without braces around it, and without a path's beginning, stays as it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes("{") && !/^[.$@[]/.test(text));
        expect(rendered(text, web)).toBe(text);
      }),
    );
  });
});

test("a path stands in braces, with a dot, or bare", () => {
  for (const text of ["{.metadata.name}", ".metadata.name", "metadata.name"]) {
    expect(find(parsePath(text), web)).toEqual(["web"]);
  }
});
