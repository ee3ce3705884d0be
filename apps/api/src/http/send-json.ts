import type { FastifyReply } from "fastify";
import { limits } from "@octoplane/shared/limits";

/** Answers with JSON that is made here, and not by a schema: what stands in the value goes out, and nothing else. */
export function sendJson(reply: FastifyReply, value: unknown): FastifyReply {
  return sendJsonText(reply, JSON.stringify(value));
}

/** A text of megabytes goes as bytes: else it would be gone over once for its length, and once more to be sent. */
export function sendJsonText(reply: FastifyReply, text: string): FastifyReply {
  const isLarge = text.length > limits.answerTextCharsMax;
  return reply.type("application/json").send(isLarge ? Buffer.from(text) : text);
}
