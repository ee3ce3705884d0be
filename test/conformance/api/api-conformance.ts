import { describe } from "vitest";
import { accessSuite } from "./access-suite.ts";
import { actionsSuite } from "./actions-suite.ts";
import { additionsSuite } from "./additions-suite.ts";
import { bootstrapSuite } from "./bootstrap-suite.ts";
import { constraintsSuite } from "./constraints-suite.ts";
import { contractSuite } from "./contract-suite.ts";
import { corsSuite } from "./cors-suite.ts";
import { fuzzSuite } from "./fuzz-suite.ts";
import { grantSuite } from "./grant-suite.ts";
import { historySuite } from "./history-suite.ts";
import { keySuite } from "./key-suite.ts";
import { kindSuite } from "./kind-suite.ts";
import { refusalSuite } from "./refusal-suite.ts";
import { documentSuite } from "./document-suite.ts";
import { methodsSuite } from "./methods-suite.ts";
import { slowClientSuite, tlsSuite } from "./tls-suite.ts";
import { tokenSuite } from "./token-suite.ts";
import { watchSuite } from "./watch-suite.ts";
import type { OpenServer } from "./server-bench.ts";

/** The API as its clients meet it: real HTTP over a real store. */
export function apiConformance(name: string, open: OpenServer): void {
  describe(name, () => {
    // Each with a server of its own, one after the other: a store of etcd is emptied for the next.
    describe("kinds", () => kindSuite(open));
    describe("single kinds", () => contractSuite(open));
    describe("other origins", () => corsSuite(open));
    describe("refusals", () => refusalSuite(open));
    describe("watches", () => watchSuite(open));
    describe("access", () => accessSuite(open));
    describe("grants", () => grantSuite(open));
    describe("tokens", () => tokenSuite(open));
    describe("bootstrap", () => bootstrapSuite(open));
    describe("actions", () => actionsSuite(open));
    describe("additions", () => additionsSuite(open));
    describe("constraints", () => constraintsSuite(open));
    describe("history", () => historySuite(open));
    describe("TLS", () => tlsSuite(open));
    describe("methods of authentication", () => methodsSuite(open));
    describe("slow clients", () => slowClientSuite(open));
    describe("keys", () => keySuite(open));
    describe("fuzzing", () => fuzzSuite(open));
    describe("self-description", () => documentSuite(open));
  });
}
