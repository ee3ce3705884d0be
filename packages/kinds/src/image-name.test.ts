import { expect, it } from "vitest";
import { wholeImageName } from "./image-name.ts";

it.each([
  ["nginx", "docker.io/library/nginx:latest"],
  ["nginx:1.27", "docker.io/library/nginx:1.27"],
  ["docker.io/nginx", "docker.io/library/nginx:latest"],
  ["index.docker.io/library/nginx", "docker.io/library/nginx:latest"],
  ["team/web:2", "docker.io/team/web:2"],
  ["localhost/web", "localhost/web:latest"],
  ["registry.test:5000/team/web:2", "registry.test:5000/team/web:2"],
  ["quay.io/a/b/c", "quay.io/a/b/c:latest"],
  ["nginx:1.27@sha256:00", "docker.io/library/nginx@sha256:00"],
  ["nginx@sha256:00", "docker.io/library/nginx@sha256:00"],
])("%s is %s, and stays so", (image, whole) => {
  expect(wholeImageName(image)).toBe(whole);
  expect(wholeImageName(whole)).toBe(whole);
});
