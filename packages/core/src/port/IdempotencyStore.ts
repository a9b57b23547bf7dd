import { Context, type DateTime, type Effect, Schema } from "effect"
import type { TenantId } from "../Ids.js"
import type { StoreUnavailable } from "./StoreError.js"

/** Which request of whom: the key is the caller's own choice, so it means nothing without the caller. */
export interface IdempotencyKey {
  readonly tenant: TenantId
  readonly caller: string
  readonly key: string
}

/** An answer that can be given again; the body in base64. */
export const KeptAnswer = Schema.Struct({
  status: Schema.Int,
  headers: Schema.Record({ key: Schema.String, value: Schema.String }),
  body: Schema.String
})
export type KeptAnswer = typeof KeptAnswer.Type

/** How a request with a key stands: `Begun` is the first one, which is to be done; all others are not. */
export type Beginning =
  | { readonly _tag: "Begun" }
  | { readonly _tag: "UnderWay"; readonly since: DateTime.Utc }
  | { readonly _tag: "Answered"; readonly answer: KeptAnswer }
  /** Done, but its answer was too large to be kept, or cannot be read any more. */
  | { readonly _tag: "AnswerLost" }
  /** The key is that of a request with another fingerprint. */
  | { readonly _tag: "OtherRequest" }

/** Milliseconds for which keys are known, from the first request on. */
export const idempotencyLifetime = 24 * 60 * 60 * 1000

/**
 * The requests that must not be done twice, by the keys that their callers gave them (draft-ietf-httpapi-idempotency-key-header-07). Of
 * requests that begin at the same time with the same key, wherever, one is `Begun`. What was begun and neither finished nor released stays under way: nobody knows whether
 * it was done.
 */
export class IdempotencyStore extends Context.Tag("@vigil/core/IdempotencyStore")<
  IdempotencyStore,
  {
    /** `fingerprint` is a digest of the request, in any writing. */
    readonly begin: (key: IdempotencyKey, fingerprint: string) => Effect.Effect<Beginning, StoreUnavailable>
    /** Keeps the answer of a request that was begun; `null` where it cannot be kept. */
    readonly finish: (key: IdempotencyKey, answer: KeptAnswer | null) => Effect.Effect<void, StoreUnavailable>
    /** Forgets a request that was not done, so that the next one with its key is done. */
    readonly release: (key: IdempotencyKey) => Effect.Effect<void, StoreUnavailable>
    /** Forgets all that are older than {@link idempotencyLifetime}, and says how many those were. */
    readonly clean: Effect.Effect<number, StoreUnavailable>
  }
>() {}
