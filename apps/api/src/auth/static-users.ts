import { createHash, timingSafeEqual } from "node:crypto";
import { Type, type Static } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { readYamlFile } from "@octoplane/shared/config";

/** A file of users: `users: [{name, token_sha256}]`. The tokens themselves stand nowhere. */
const FileSchema = Type.Object(
  {
    users: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1 }),
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

export class StaticUsers {
  readonly #users: Static<typeof FileSchema>["users"];

  constructor(users: Static<typeof FileSchema>["users"]) {
    this.#users = users;
  }

  /** The user whose token this is. Every entry is compared, in constant time. */
  verify(token: string): string | undefined {
    const digest = createHash("sha256").update(token).digest();
    let found: string | undefined;
    for (const { name, token_sha256: hash } of this.#users) {
      if (timingSafeEqual(digest, Buffer.from(hash, "hex"))) found = name;
    }
    return found;
  }
}

export async function readStaticUsers(path: string): Promise<StaticUsers> {
  const content = await readYamlFile(path);
  return new StaticUsers(readAs<Static<typeof FileSchema>>(FileSchema, content, path).users);
}
