import { expect, test } from "vitest";
import { answerHeaders, requestHeaders } from "./passed-headers.ts";

test("who the caller is does not pass, who we are does", () => {
  const sent = {
    Authorization: "Bearer of-the-caller",
    cookie: "session=1",
    "Impersonate-User": "root",
    "impersonate-extra-scopes": "all",
    "x-remote-user": "root",
    "x-forwarded-for": "10.0.0.1",
    host: "octoplane",
    accept: "application/json",
  };
  const login = { authorization: "Bearer ours", "impersonate-user": "less" };
  expect(requestHeaders(sent, login)).toEqual({
    accept: "application/json",
    authorization: "Bearer ours",
    "impersonate-user": "less",
  });
});

test("a token that a browser hides in a sub-protocol is taken out", () => {
  const token = "base64url.bearer.authorization.k8s.io.c2VjcmV0";
  const protocols = (text: string) =>
    requestHeaders({ "sec-websocket-protocol": text }, {})["sec-websocket-protocol"];
  expect(protocols(`v5.channel.k8s.io, ${token},v4.channel.k8s.io`)).toBe(
    "v5.channel.k8s.io, v4.channel.k8s.io",
  );
  expect(protocols(token)).toBeUndefined();
});

test("what belongs to one connection stays there, named ones too", () => {
  const sent = {
    connection: "close, X-Hop",
    "x-hop": "1",
    "keep-alive": "5",
    te: "trailers",
    a: "1",
  };
  expect(requestHeaders(sent, {})).toEqual({ a: "1" });
});

test("a cluster says nothing in the name of our address", () => {
  const answer = {
    "set-cookie": ["a=1"],
    "www-authenticate": "Basic",
    "access-control-allow-origin": "*",
    "strict-transport-security": "max-age=1",
    "content-type": "text/plain",
    warning: ["one", "two"],
  };
  expect(answerHeaders(answer)).toEqual({ "content-type": "text/plain", warning: ["one", "two"] });
});
