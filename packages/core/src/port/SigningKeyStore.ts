import { Context } from "effect"
import type { DateTime, Effect, Redacted } from "effect"
import type { TenantId } from "../Ids.js"
import type { StoreUnavailable } from "./StoreError.js"

/** A key that access tokens are signed with. */
export interface SigningKey {
  /** A UUID: `kid` in tokens. */
  readonly id: string
  /** Its private half as JSON (RFC 8037). */
  readonly jwk: Redacted.Redacted
  readonly createdAt: DateTime.Utc
}

/** Keys of the installation, which all nodes share. */
export class SigningKeyStore extends Context.Tag("@vigil/core/SigningKeyStore")<
  SigningKeyStore,
  {
    /** Newest first. Keys that cannot be decrypted any more are left out, with a warning. */
    readonly all: Effect.Effect<ReadonlyArray<SigningKey>, StoreUnavailable>
    /** Adds the key unless there is one that was made after `since`: of several nodes one makes the next key. */
    readonly add: (key: SigningKey, since: DateTime.Utc) => Effect.Effect<void, StoreUnavailable>
    /** Adds the key in the name of whoever wants it; with `only`, all others are deleted. */
    readonly replace: (tenant: TenantId, key: SigningKey, only: boolean) => Effect.Effect<void, StoreUnavailable>
    /** Deletes keys that were followed by another one before the given time. */
    readonly purge: (before: DateTime.Utc) => Effect.Effect<void, StoreUnavailable>
  }
>() {}
