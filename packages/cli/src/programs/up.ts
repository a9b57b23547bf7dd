import { Effect } from "effect"
import { announce } from "../Announcement.js"
import { readyDataFolder } from "../Installation.js"
import * as Telemetry from "../Telemetry.js"
import * as Up from "../Up.js"

export const up = (options: { readonly json: boolean }) =>
  Effect.gen(function* () {
    const folder = yield* readyDataFolder
    yield* Effect.zipRight(announce(options), Effect.never).pipe(
      Effect.provide(Up.layer(folder)),
      Effect.provide(Telemetry.layer)
    )
  })
