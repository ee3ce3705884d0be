import { expect, test } from "vitest";
import { hookUserOf } from "./hook-user.ts";
import { anonymous, namedUser } from "./user.ts";

const route = "/kubernetes/namespaces/:namespace/applications/:name/complete";
const call = { method: "PUT", route };

test("who calls a hook with nothing but its token is the user of that hook", () => {
  expect(hookUserOf(call, false, undefined)?.name).toBe("system:complete-hook");
  expect(hookUserOf(call, false, anonymous)?.name).toBe("system:complete-hook");
  const other = { ...call, route: route.replace("complete", "shutdown") };
  expect(hookUserOf(other, false, undefined)?.name).toBe("system:shutdown-hook");
});

test("whoever is somebody already stays that, and no other request has such a user", () => {
  expect(hookUserOf(call, true, undefined)).toBeUndefined();
  expect(hookUserOf(call, false, namedUser("system:admin"))).toBeUndefined();
  const others = [
    { method: "GET", route },
    { method: "PUT", route: route.replace("/complete", "") },
    { method: "PUT", route: route.replace("complete", "status") },
    { method: "PUT", route: route.replace("applications", "clusters") },
    { method: "PUT", route: `${route}/more` },
    { method: "PUT", route: undefined },
  ];
  for (const other of others) expect(hookUserOf(other, false, undefined)).toBeUndefined();
});
