import { type ApiKey, apiKeyPrefix, roleOfKey } from "@vigil/core/ApiKey"
import { Unauthorized } from "@vigil/core/contract/Principal"
import { ApiKeyStore } from "@vigil/core/port/ApiKeyStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { User } from "@vigil/core/User"
import { Context, DateTime, Duration, Effect, Layer } from "effect"
import { makeBelieved } from "./Believed.js"
import { hashToken, isToken, newToken } from "./Token.js"

/** Characters of a key that are shown again: enough to tell keys apart, and no help in guessing the rest. */
const hintLength = apiKeyPrefix.length + 4

/** How fresh the note of the last use is kept; saves a write per request. */
const noteEvery = Duration.minutes(5)

const refusal = new Unauthorized({
  detail: "There is no such API key: it is wrong, revoked, too old, or its owner is gone. `vigil api-key create` makes one."
})

export const isApiKey = (text: string): boolean => text.startsWith(apiKeyPrefix)

/** A fresh key, and its part that may be shown again. */
export const newApiKey = (): { readonly key: string; readonly hint: string } => {
  const key = apiKeyPrefix + newToken()
  return { key, hint: key.slice(0, hintLength) }
}

/** The owner of a key, with the role that the key allows. */
export interface KeyHolder {
  readonly user: User
  readonly key: ApiKey
}

export class ApiKeys extends Context.Tag("@vigil/api/ApiKeys")<
  ApiKeys,
  {
    /** Whose the key is, now or up to 1.5 s ago; while the database is away, when it was last there. */
    readonly authenticate: (key: string) => Effect.Effect<KeyHolder, Unauthorized | StoreUnavailable>
    /** Completes within 4 s after the key ended. A database that is away ends none. */
    readonly ended: (key: string) => Effect.Effect<void>
    /** Forgets what is believed of keys: call it after one was revoked. */
    readonly forget: Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<ApiKeys, never, ApiKeyStore> = Layer.effect(
    ApiKeys,
    Effect.map(ApiKeyStore, (store) => {
      const { authenticate, ended, forget } = makeBelieved({
        find: (key) => store.find(hashToken(key)),
        expiresAt: ({ key }) => key.expiresAt,
        noteUse: ({ key: { id, lastUsedAt } }) =>
          Effect.flatMap(DateTime.now, (now) =>
            lastUsedAt !== null && DateTime.distance(lastUsedAt, now) < Duration.toMillis(noteEvery)
              ? Effect.void
              : store.noteUse(id)
          ),
        refusal
      })
      return ApiKeys.of({
        authenticate: (key) =>
          // What cannot be a key is refused without asking the database.
          Effect.map(
            isToken(key.slice(apiKeyPrefix.length)) ? authenticate(key) : Effect.fail(refusal),
            ({ key: known, owner }) => ({
              user: User.make({ ...owner, role: roleOfKey(owner.role, known.scopes) }),
              key: known
            })
          ),
        ended,
        forget
      })
    })
  )
}
