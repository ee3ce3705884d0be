import { createHash, timingSafeEqual } from "node:crypto";
import { Type, type Static } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { readYamlFile } from "@octoplane/shared/config";
import { namedUser, type User } from "./user.ts";

/** A file of users: `users: [{name, groups, token_sha256}]`. The tokens themselves stand nowhere. */
const FileSchema = Type.Object(
  {
    users: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1 }),
          groups: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
          token_sha256: Type.String({
            pattern: "^[0-9a-f]{64}$",
            description: "SHA-256 of the token, in hexadecimal",
          }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

type Entries = Static<typeof FileSchema>["users"];

export class StaticUsers {
  readonly #users: readonly { readonly hash: Buffer; readonly user: User }[];

  constructor(entries: Entries) {
    this.#users = entries.map(({ name, groups, token_sha256: hash }) => ({
      hash: Buffer.from(hash, "hex"),
      user: namedUser(name, groups),
    }));
  }

  /** The user whose token this is, the same object every time. Every entry is compared, in constant time. */
  userOf(token: string): User | undefined {
    const digest = createHash("sha256").update(token).digest();
    let found: User | undefined;
    for (const { hash, user } of this.#users) {
      if (timingSafeEqual(digest, hash)) found = user;
    }
    return found;
  }
}

export async function readStaticUsers(path: string): Promise<StaticUsers> {
  const content = await readYamlFile(path);
  return new StaticUsers(readAs<Static<typeof FileSchema>>(FileSchema, content, path).users);
}
