import { Context, Effect } from "effect"
import type { UserId } from "./Ids.js"
import type { User } from "./User.js"

interface Author {
  readonly id: UserId | null
  readonly username: string
  readonly address: string | null
}

/**
 * In whose name stores change something: what the audit trail tells. The program itself, unless a call of somebody is served. It is
 * read from the context, so that no change can be written without an author.
 */
export class ChangeAuthor extends Context.Reference<ChangeAuthor>()("@vigil/core/ChangeAuthor", {
  defaultValue: (): Author => ({ id: null, username: "vigil", address: null })
}) {}

/** Makes every change of an effect the user's. */
export const inNameOf =
  ({ id, username }: Pick<User, "id" | "username">, address: string | null) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(work, ChangeAuthor, { id, username, address })

/** Makes every change of an effect that of somebody who is not signed in. */
export const inNameOfStranger =
  (username: string, address: string) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.provideService(work, ChangeAuthor, { id: null, username, address })
