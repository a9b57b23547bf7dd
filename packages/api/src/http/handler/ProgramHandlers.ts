import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect } from "effect"
import { ProgramSignIn } from "../../auth/ProgramSignIn.js"
import { currentSession } from "../Authentication.js"
import { toProblem } from "../ToProblem.js"

export const layerProgramHandlers = HttpApiBuilder.group(VigilApi, "programs", (handlers) =>
  handlers.handle("allow", ({ payload: { challenge } }) =>
    Effect.gen(function* () {
      return yield* (yield* ProgramSignIn).allow(yield* currentSession, challenge)
    }).pipe(Effect.mapError(toProblem))
  )
)
