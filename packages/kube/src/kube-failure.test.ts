import { afterEach, describe, expect, it } from "vitest";
import { sendStatus } from "./testing/scripted-server.ts";
import { errorOf, object, ref, Stage, steppedClock, token } from "./testing/stage.ts";

const stage = new Stage();
afterEach(() => stage.clear());

describe("a refusal", () => {
  const cases: readonly (readonly [string, number, object, object])[] = [
    ["an unknown object", 404, { details: { name: "m" } }, { reason: "NotFound", retry: false }],
    [
      "wrong credentials",
      401,
      { reason: "Unauthorized" },
      { reason: "Unauthorized", retry: false },
    ],
    ["a lack of rights", 403, { reason: "Forbidden" }, { retry: false }],
    ["an invalid object", 422, { reason: "Invalid" }, { reason: "Invalid", retry: false }],
    ["a conflict", 409, { reason: "Conflict" }, { reason: "Conflict", retry: true }],
    ["a name that is taken", 409, { reason: "AlreadyExists" }, { retry: false }],
    ["an overload", 429, {}, { reason: "TooManyRequests", retry: true }],
    ["a fault", 500, { reason: "InternalError" }, { retry: true }],
    [
      "a webhook that is not up",
      400,
      { message: 'failed calling webhook "x"' },
      { retry: true, message: 'failed calling webhook "x"' },
    ],
    [
      "a namespace on its way out",
      403,
      { reason: "Forbidden", details: { causes: [{ reason: "NamespaceTerminating" }] } },
      { retry: true },
    ],
    [
      "an immutable field",
      422,
      {
        message: "no",
        details: { causes: [{ field: "spec.selector", message: "field is immutable" }] },
      },
      { causes: [{ field: "spec.selector", message: "field is immutable" }] },
    ],
    ["a delay in its details", 429, { details: { retryAfterSeconds: 2 } }, { retryAfterMs: 2_000 }],
  ];
  for (const [name, code, status, expected] of cases) {
    it(`because of ${name} (${code}) says whether trying again can help`, async () => {
      const { kube } = await stage.scene((_request, response) =>
        sendStatus(response, code, status),
      );
      const error = await errorOf(kube.apply(ref, object, { force: false }));
      expect(error).toMatchObject({ status: code, ...expected });
    });
  }

  it("in plain text because the path is unknown is not that of an object", async () => {
    const { kube } = await stage.scene((_request, response) => {
      response.writeHead(404, { "content-type": "text/plain" }).end("404 page not found\n");
    });
    expect(await errorOf(kube.get(ref))).toMatchObject({ reason: "KindNotServed", retry: true });
  });

  it("names the time to wait in seconds or as a date", async () => {
    const { clock } = steppedClock();
    const headers = ["7", new Date(clock.now() + 9_000).toUTCString(), "soon"];
    const { kube } = await stage.scene(
      (_request, response) =>
        sendStatus(response, 503, {}, { "retry-after": headers.shift() ?? "" }),
      { clock },
    );
    expect((await errorOf(kube.version())).retryAfterMs).toBe(7_000);
    expect((await errorOf(kube.version())).retryAfterMs).toBe(9_000);
    expect((await errorOf(kube.version())).retryAfterMs).toBeUndefined();
  });

  it("never repeats a secret", async () => {
    const { kube } = await stage.scene((request, response) => {
      const message = `${request.headers.authorization} is not known`;
      sendStatus(response, 401, { message, details: { causes: [{ message }] } });
    });
    const error = await errorOf(kube.version());
    expect(error.message).toBe("Bearer [redacted] is not known");
    expect(JSON.stringify(error.causes)).not.toContain(token);
  });

  it("that redirects elsewhere is not followed with our credentials", async () => {
    const { kube, server } = await stage.scene((_request, response) => {
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect(await errorOf(kube.get(ref))).toMatchObject({ status: 302, retry: false });
    expect(server.seen).toHaveLength(1);
  });
});
