import { expect, test } from "vitest";
import { errorOfAnswer, errorOfConnection } from "./problem.ts";

const asked = { method: "GET", url: "http://127.0.0.1:8080/kubernetes/clusters/x" };

const answers: readonly (readonly [string, number, string, string, string])[] = [
  [
    "the code of the answer wins over its status",
    409,
    '{"status":409,"code":"Terminating","detail":"finalizers can only be removed"}',
    "Terminating",
    "finalizers can only be removed",
  ],
  [
    "an answer of Krake has no code, its status tells",
    409,
    '{"status":409,"title":"RESOURCE_ALREADY_EXISTS"}',
    "Conflict",
    "RESOURCE_ALREADY_EXISTS",
  ],
  [
    "a page of a proxy is told by its status",
    502,
    "<html>Bad gateway</html>",
    "Unavailable",
    "GET http://127.0.0.1:8080/kubernetes/clusters/x was answered with status 502",
  ],
  [
    "a code that nobody knows is not believed",
    404,
    '{"code":"Evil","detail":"d"}',
    "NotFound",
    "d",
  ],
  ["a code named like a method is not believed", 500, '{"code":"toString"}', "Internal", "GET"],
  ["a status that nobody knows is internal", 418, "[]", "Internal", "418"],
];

for (const [name, status, body, code, message] of answers) {
  test(name, () => {
    const error = errorOfAnswer(status, body, asked);
    expect(error.code).toBe(code);
    expect(error.message).toContain(message);
  });
}

test("the fields of a refused body come back, what is no field does not", () => {
  const body = JSON.stringify({
    code: "Invalid",
    detail: "a: b",
    errors: [{ field: "a", message: "b" }, { field: 1, message: "c" }, null, "d"],
  });
  expect(errorOfAnswer(422, body, asked).fields).toEqual([{ field: "a", message: "b" }]);
});

test("a refused connection names the address, the reason and what to do", () => {
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = errorOfConnection(new TypeError("fetch failed", { cause }), "http://127.0.0.1:1");
  expect(error.code).toBe("Unavailable");
  expect(error.message).toBe(
    "no server answers at http://127.0.0.1:1 (connection refused); " +
      '"npm start" in the checkout starts one',
  );
});
