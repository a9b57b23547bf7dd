import { RollbackRefused } from "@vigil/core/Rollback"
import type { Credentials } from "@vigil/core/Source"
import { Effect, ParseResult, Schema } from "effect"

/** Of an object, as the audit trail has them. */
export type Fields = Readonly<Record<string, unknown>>

/** An object that goes back. */
export interface Back {
  readonly id: string
  /** What it is at now. */
  readonly revision: number
  /** The names of the fields that change. */
  readonly changed: ReadonlyArray<string>
  /** What it said last, before it was removed. */
  readonly last: Fields
  readonly credentials: Credentials | null | undefined
}

/** Applies what a version says, as far as the schema knows it. */
export const by = <A, I extends object, E, R>(
  schema: Schema.Schema<A, I>,
  apply: (state: A, back: Back) => Effect.Effect<unknown, E, R>
) => {
  const decode = Schema.decodeUnknown(schema)
  const encode = Schema.encodeSync(schema)
  const read = (values: Fields) =>
    Effect.mapError(decode(values), (error) => {
      const wrong = ParseResult.ArrayFormatter.formatErrorSync(error).map(({ message, path }) => `${path.join(".")}: ${message}`)
      return new RollbackRefused({ reason: "fit", detail: `what was configured then is not valid any more: ${wrong.join("; ")}` })
    })
  return {
    /** Those that will hold. */
    fields: (values: Fields) => Effect.map(read(values), (state): Fields => Object.fromEntries(Object.entries(encode(state)))),
    apply: (back: Back, values: Fields) => Effect.flatMap(read(values), (state) => apply(state, back))
  }
}

/** Leads nowhere, and says what to do in place of it. */
export const refused = (reason: RollbackRefused["reason"], detail: string) => {
  const refusal = Effect.fail(new RollbackRefused({ reason, detail }))
  return { fields: () => refusal, apply: () => refusal }
}

/**
 * How objects of a type go back: `edit` is the call of `VigilApi` that makes the same change by hand, `allowed` lets on who may make it, `restore` is the way
 * of those that were removed.
 */
export const way = <Allowed, Change, Restore>(edit: string, allowed: Allowed, change: Change, restore: Restore) => ({
  edit: (_id: string) => edit,
  allowed: (_id: string) => allowed,
  /** What is to hold, by what a version and the newest one say. */
  wanted: (then: Fields, _now: Fields): Fields => then,
  change,
  restore
})
