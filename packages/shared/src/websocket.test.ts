import { Duplex, duplexPair } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { systemClock } from "./clock.ts";
import { seededRandom } from "./random.ts";
import { encodeFrame, FrameReader, opcodes } from "./websocket-frame.ts";
import { acceptKeyOf, WebSocketEnd } from "./websocket.ts";

const random = seededRandom(7);

function pair(): {
  readonly client: WebSocketEnd;
  readonly server: WebSocketEnd;
  readonly raw: Duplex;
} {
  const [near, far] = duplexPair();
  const client = new WebSocketEnd(near, { clock: systemClock, random });
  return { client, server: new WebSocketEnd(far, { clock: systemClock }), raw: near };
}

test("a masked frame is byte for byte the example of RFC 6455, section 5.7", () => {
  const mask = Buffer.from("37fa213d", "hex");
  const frame = encodeFrame(opcodes.text, Buffer.from("Hello"), mask);
  expect(frame.toString("hex")).toBe("818537fa213d7f9f4d5158");
});

test("frames come out as they went in, however they are chopped, masked or not", () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 70_000, size: "max" }), { maxLength: 4 });
  fc.assert(
    fc.property(
      payloads,
      fc.integer({ min: 1, max: 9_999 }),
      fc.boolean(),
      (sent, size, isMasked) => {
        const mask = isMasked ? random.bytes(4) : undefined;
        const bytes = Buffer.concat(sent.map((one) => encodeFrame(opcodes.binary, one, mask)));
        const reader = new FrameReader(100_000);
        const found: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          for (const frame of reader.push(bytes.subarray(at, at + size))) found.push(frame.payload);
        }
        expect(found).toEqual(sent.map((one) => Buffer.from(one)));
      },
    ),
    { numRuns: 40 },
  );
});

test("a frame above the limit is refused before it has come", () => {
  const head = encodeFrame(opcodes.binary, Buffer.alloc(1_000)).subarray(0, 10);
  expect(() => new FrameReader(999).push(head)).toThrow("a frame of 1000 bytes");
});

test("the key of the protocol's own example is accepted", () => {
  expect(acceptKeyOf("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

test("messages go both ways, and a close ends both", async () => {
  const { client, server } = pair();
  const echo = async (): Promise<void> => {
    for await (const message of server.messages()) await server.send(message);
  };
  const echoed = echo();
  const messages = client.messages();
  await client.send(Buffer.from("hello"));
  expect((await messages.next()).value).toEqual(Buffer.from("hello"));
  client.close();
  await echoed;
  expect(server.closeCode).toBe(1000);
  expect((await messages.next()).done).toBe(true);
  expect(client.closeCode).toBe(1000);
});

test("a ping in the middle of a message is answered, and the message stays whole", async () => {
  const { client, raw } = pair();
  const messages = client.messages();
  const first = encodeFrame(opcodes.text, Buffer.from("he"));
  first[0] = opcodes.text;
  const [near, far] = duplexPair();
  using end = new WebSocketEnd(near, { clock: systemClock, random });
  const read = end.messages().next();
  far.write(
    Buffer.concat([
      first,
      encodeFrame(opcodes.ping, Buffer.from("?")),
      encodeFrame(opcodes.continuation, Buffer.from("llo")),
    ]),
  );
  expect((await read).value?.toString()).toBe("hello");
  const [pong] = new FrameReader(100).push((await far.take(1).toArray())[0] as Buffer);
  expect([pong?.opcode, pong?.payload.toString()]).toEqual([opcodes.pong, "?"]);
  raw.destroy();
  expect((await messages.next()).done).toBe(true);
});

test("who sends waits for who reads", async () => {
  const { client, server } = pair();
  const piece = Buffer.alloc(16_384);
  let sent = 0;
  const sending = (async () => {
    for (; sent < 64; sent += 1) await client.send(piece);
    client.close();
  })();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sent).toBeLessThan(16);
  let read = 0;
  for await (const message of server.messages()) read += message.length;
  await sending;
  expect(read).toBe(64 * piece.length);
});
