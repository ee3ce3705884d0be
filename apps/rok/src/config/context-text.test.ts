import fc from "fast-check";
import { parse } from "yaml";
import { expect, it } from "vitest";
import { withContext, withCurrentContext, withoutContext } from "./context-text.ts";

const text = `# mine
current_context: prod # the real one
contexts:
  # ask first
  prod:
    api_url: https://prod.example # behind the proxy
  dev: { api_url: http://127.0.0.1:8080 }
`;

it("a change keeps what it does not touch, comments too", () => {
  const changed = withContext(text, "prod", { namespace: "team" });
  expect(changed).toBe(
    text.replace("# behind the proxy\n", "# behind the proxy\n    namespace: team\n"),
  );
  expect(parse(withoutContext(changed, "dev")).contexts).toEqual({
    prod: { api_url: "https://prod.example", namespace: "team" },
  });
});

it("a context is made where nothing was, and files of TLS switch it on", () => {
  expect(parse(withContext("", "a", { api_url: "http://x" }))).toEqual({
    contexts: { a: { api_url: "http://x" } },
  });
  const tls = withContext("api_url: http://flat\n", "a", { client_ca: "/ca.crt" });
  expect(parse(tls)).toEqual({
    api_url: "http://flat",
    contexts: { a: { tls: { client_ca: "/ca.crt", enabled: true } } },
  });
  expect(parse(withContext(tls, "a", { client_ca: "" })).contexts).toEqual({ a: {} });
});

it("a context that goes takes the mark on it along", () => {
  expect(parse(withoutContext(text, "prod"))).toEqual({
    contexts: { dev: { api_url: "http://127.0.0.1:8080" } },
  });
  expect(parse(withoutContext(text, "dev")).current_context).toBe("prod");
});

it("a file that is none is refused", () => {
  expect(() => withContext("- a\n", "a", {})).toThrow("keys and values");
  expect(() => withContext("a: [\n", "a", {})).toThrow();
});

it("contexts of any name are made, chosen and taken away again without a trace", () => {
  const name = fc.string({ minLength: 1, maxLength: 12 }).filter((one) => one !== "__proto__");
  fc.assert(
    fc.property(name, fc.webUrl(), (context, url) => {
      const made = withCurrentContext(
        withContext("# head\na: b\n", context, { api_url: url }),
        context,
      );
      expect(parse(made)).toEqual({
        a: "b",
        contexts: { [context]: { api_url: url } },
        current_context: context,
      });
      expect(parse(withoutContext(made, context))).toEqual({ a: "b" });
    }),
  );
});
