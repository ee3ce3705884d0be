import { limits } from "@octoplane/shared/limits";
import { expect, test } from "vitest";
import { EtcdPump, type Waiting } from "./etcd-pump.ts";

interface Question extends Waiting<string> {
  readonly text: string;
}

/** A pump over requests that are answered by hand, two questions in each. */
function openPump(): {
  readonly ask: (text: string) => Promise<string>;
  readonly sent: { readonly texts: readonly string[]; readonly end: (error?: Error) => void }[];
} {
  const sent: { texts: readonly string[]; end: (error?: Error) => void }[] = [];
  const pump = new EtcdPump<Question>({
    take: (waiting) => ({ batch: waiting.slice(0, 2), left: waiting.slice(2) }),
    send: (batch) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error): void => {
          if (error) return reject(error);
          for (const question of batch) question.resolve(`${question.text}!`);
          resolve();
        };
        sent.push({ texts: batch.map(({ text }) => text), end });
      }),
  });
  const ask = (text: string): Promise<string> =>
    new Promise((resolve, reject) => pump.add({ text, resolve, reject }));
  return { ask, sent };
}

test("what is asked in one turn goes together, and what comes too late goes next", async () => {
  const { ask, sent } = openPump();
  const [first, second] = [ask("a"), ask("b")];
  await Promise.resolve();
  const third = ask("c");
  await Promise.resolve();
  expect(sent.map(({ texts }) => texts)).toEqual([["a", "b"], ["c"]]);
  for (const { end } of sent) end();
  expect(await Promise.all([first, second, third])).toEqual(["a!", "b!", "c!"]);
});

test("so many requests are under way and no more, and all are answered in the end", async () => {
  const { ask, sent } = openPump();
  const texts = Array.from({ length: 20 }, (_, number) => `${number}`);
  const answers = Promise.all(texts.map(ask));
  await Promise.resolve();
  expect(sent).toHaveLength(limits.etcdRequestsMax);
  for (let ended = 0; ended < 10; ended += 1) {
    expect(sent.length - ended).toBeLessThanOrEqual(limits.etcdRequestsMax);
    sent[ended]!.end();
    await new Promise(setImmediate);
  }
  expect(await answers).toEqual(texts.map((text) => `${text}!`));
});

test("a request that fails refuses those in it, and the next is sent", async () => {
  const { ask, sent } = openPump();
  const [lost, also] = [ask("a"), ask("b")];
  await Promise.resolve();
  sent[0]!.end(new Error("lost"));
  await expect(lost).rejects.toThrow("lost");
  await expect(also).rejects.toThrow("lost");
  const next = ask("c");
  await Promise.resolve();
  sent[1]!.end();
  expect(await next).toBe("c!");
});
