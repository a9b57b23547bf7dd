import { hash, verify } from "@node-rs/argon2"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import { newToken } from "./Token.js"

/** argon2id with 19 MiB, 2 passes, 1 lane: OWASP Password Storage Cheat Sheet, RFC 9106. */
const parameters = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** At once; more sign-ins than that wait, so that they cannot take all cores and memory from the cameras. */
const concurrency = 2

/** Hashes and checks passwords, off the event loop. */
export class PasswordHasher extends Context.Tag("@vigil/api/PasswordHasher")<
  PasswordHasher,
  {
    readonly hash: (password: Redacted.Redacted) => Effect.Effect<Redacted.Redacted>
    /** Takes as long for nobody's hash (`none`) as for somebody's, and is false then. */
    readonly verify: (stored: Option.Option<Redacted.Redacted>, password: Redacted.Redacted) => Effect.Effect<boolean>
  }
>() {
  static readonly layer: Layer.Layer<PasswordHasher> = Layer.effect(
    PasswordHasher,
    Effect.gen(function* () {
      const turns = yield* Effect.makeSemaphore(concurrency)
      const hashOf = (password: string) => turns.withPermits(1)(Effect.promise(() => hash(password, parameters)))
      const nobody = yield* hashOf(newToken())
      return PasswordHasher.of({
        hash: (password) => Effect.map(hashOf(Redacted.value(password)), Redacted.make),
        verify: (stored, password) =>
          turns
            .withPermits(1)(
              Effect.promise(() =>
                verify(Option.match(stored, { onNone: () => nobody, onSome: Redacted.value }), Redacted.value(password))
              )
            )
            .pipe(Effect.map((right) => right && Option.isSome(stored)))
      })
    })
  )
}
