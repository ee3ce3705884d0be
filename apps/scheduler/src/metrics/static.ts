import { asFetched, type Fetched, type FetchValues } from "./provider.ts";

/** Values that stand in the provider itself. */
export const fetchStatic: FetchValues = async (spec, names) => {
  const metrics = spec.static?.metrics ?? {};
  const found = new Map<string, Fetched>();
  for (const name of names) {
    found.set(
      name,
      Object.hasOwn(metrics, name)
        ? asFetched(metrics[name])
        : { ok: false, code: "INVALID_METRIC", message: `the provider has no value named ${name}` },
    );
  }
  return found;
};
