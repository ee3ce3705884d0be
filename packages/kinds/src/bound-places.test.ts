import { describe, expect, it } from "vitest";
import { boundClusters, boundPlaces } from "./bound-places.ts";

const ref = (name: string) => ({ api: "kubernetes", kind: "Cluster", namespace: "n", name });

describe("where an application belongs", () => {
  it("is the cluster that it is scheduled to, with all of its replicas", () => {
    const status = { scheduled_to: ref("a") };
    expect(boundPlaces(status)).toEqual([{ cluster: ref("a"), share: null }]);
    expect(boundClusters(status)).toEqual([ref("a")]);
  });

  it("is nowhere before it is placed", () => {
    expect(boundPlaces({ scheduled_to: null })).toEqual([]);
    expect(boundClusters({ scheduled_to: null })).toEqual([]);
  });

  it("is each of its places, in their order and with their shares, where it has several", () => {
    const places = [
      { cluster: ref("b"), share: 2 },
      { cluster: ref("a"), share: 1 },
    ];
    const status = { scheduled_to: ref("b"), places };
    expect(boundPlaces(status)).toEqual(places);
    expect(boundClusters(status)).toEqual([ref("b"), ref("a")]);
  });

  it("is nowhere when the last of its places was taken away", () => {
    expect(boundClusters({ scheduled_to: null, places: [] })).toEqual([]);
    expect(boundClusters({ scheduled_to: ref("a"), places: [] })).toEqual([]);
  });
});
