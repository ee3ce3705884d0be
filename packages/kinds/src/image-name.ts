/**
 * An image under its whole name, as nodes tell it: `nginx` is `docker.io/library/nginx:latest`. One that is pinned by a digest is told
 * by that alone, whatever its tag (distribution reference grammar). Pure.
 */
export function wholeImageName(image: string): string {
  const [named = "", digest] = image.split("@");
  const slash = named.indexOf("/");
  const first = named.slice(0, Math.max(slash, 0));
  const hasRegistry = /[.:]/.test(first) || first === "localhost";
  const registry = hasRegistry && first !== "index.docker.io" ? first : "docker.io";
  const rest = hasRegistry ? named.slice(slash + 1) : named;
  const path = registry === "docker.io" && !rest.includes("/") ? `library/${rest}` : rest;
  const [repository = "", tag = "latest"] = path.split(":");
  return `${registry}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`;
}
