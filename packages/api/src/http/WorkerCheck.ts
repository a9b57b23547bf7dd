import { WorkerAuthentication } from "@vigil/core/contract/api/WorkerAuthentication"
import { type Principal, Unauthorized } from "@vigil/core/contract/Principal"
import { WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { Effect, Layer, Option, Redacted } from "effect"
import { hashToken, isToken } from "../auth/Token.js"
import { allowedCaller, type Credentials } from "./Authentication.js"
import { toProblem } from "./ToProblem.js"

const refused = new Unauthorized({
  detail: "There is no such worker token: an administrator makes one (`vigil camera worker-token make`). People sign in."
})

const asReporter = (person: typeof Principal.Service) => ({
  role: person.user.role,
  tenantId: person.user.tenantId,
  cameraId: null,
  person
})

/** A person, or whoever has a worker token. What cannot be a token is refused without asking the database. */
export const layerWorkerAuthentication: Layer.Layer<WorkerAuthentication, never, WorkerTokenStore | Credentials> = Layer.effect(
  WorkerAuthentication,
  Effect.gen(function* () {
    const store = yield* WorkerTokenStore
    const context = yield* Effect.context<Credentials>()
    const person = () =>
      allowedCaller.pipe(
        Effect.map(asReporter),
        // Another kind of token may come in the same header.
        Effect.catchTags({ ScopeMissing: () => Effect.fail(refused), SecondFactorLacking: () => Effect.fail(refused) }),
        Effect.mapError(toProblem),
        Effect.provide(context)
      )
    return WorkerAuthentication.of({
      secure: person,
      plain: person,
      token: (token) =>
        Effect.gen(function* () {
          const text = Redacted.value(token)
          const right = isToken(text) ? yield* store.find(hashToken(text)) : Option.none()
          if (Option.isNone(right)) return yield* refused
          return { ...right.value, role: "worker" as const }
        }).pipe(Effect.mapError(toProblem))
    })
  })
)
