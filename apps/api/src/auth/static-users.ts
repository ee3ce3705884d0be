import { createHash, timingSafeEqual } from "node:crypto";
import { Type, type Static } from "typebox";
import { readAs } from "@octoplane/kinds/read-input";
import { isAccountName } from "@octoplane/kinds/service-account";
import { readYamlFile } from "@octoplane/shared/config";
import { invalid } from "@octoplane/shared/errors";
import { namedUser, type Credential, type User } from "./user.ts";

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
      user: namedUser(name, groups, credentialOf(hash)),
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

/** The file does not tell when a token was issued, nor when it ends; its id is that of any token that is not ours. */
function credentialOf(hash: string): Credential {
  return { what: "token", id: `sha256:${hash}`, issued: -Infinity, end: Infinity };
}

/** `Invalid` for a file that cannot be read, and for users with the names of service accounts. */
export async function readStaticUsers(path: string): Promise<StaticUsers> {
  const content = await readYamlFile(path);
  const { users } = readAs<Static<typeof FileSchema>>(FileSchema, content, path);
  const problems = users.flatMap(({ name, groups = [] }, index) =>
    [name, ...groups].filter(isAccountName).map((text) => ({
      field: `${path}.users[${index}]`,
      message: `${text} is a name that only service accounts have`,
    })),
  );
  if (problems.length > 0) throw invalid(problems);
  return new StaticUsers(users);
}
