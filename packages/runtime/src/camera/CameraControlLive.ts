import type { CameraId } from "@vigil/core/Ids"
import { CameraControl, CameraNotRunning } from "@vigil/core/port/CameraControl"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { Effect, Layer, Schedule, Stream } from "effect"
import { Sources } from "../source/Sources.js"
import { type CameraActor, CameraActors } from "./CameraActors.js"
import { probe } from "./Probe.js"
import { statusFingerprint } from "./StatusText.js"

/** How often statuses are looked at for those who watch. */
const interval = "1 second"

/** The statuses that are new or differ from the round before. */
const changed = (statuses: ReadonlyArray<CameraStatus>, known: Map<CameraId, string>): ReadonlyArray<CameraStatus> =>
  statuses.filter((status) => {
    const now = statusFingerprint(status)
    if (known.get(status.cameraId) === now) return false
    known.set(status.cameraId, now)
    return true
  })

const make = Effect.gen(function* () {
  const actors = yield* CameraActors
  const sources = yield* Sources

  const withActor = <A, E>(id: CameraId, use: (actor: CameraActor) => Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | CameraNotRunning> => {
      const actor = actors.get(id)
      return actor === undefined ? new CameraNotRunning({ cameraId: id }) : use(actor)
    })

  const statuses = Effect.sync(() => [...actors.values()].map((actor) => actor.status()))

  return CameraControl.of({
    status: (id) => withActor(id, (actor) => Effect.sync(actor.status)),
    statuses,
    watch: Stream.suspend(() => {
      const known = new Map<CameraId, string>()
      return Stream.repeatEffectWithSchedule(statuses, Schedule.spaced(interval)).pipe(
        Stream.mapConcat((all) => changed(all, known))
      )
    }),
    overlays: (id) => Stream.unwrap(withActor(id, (actor) => Effect.succeed(Stream.fromPubSub(actor.overlays)))),
    snapshot: (id) => withActor(id, (actor) => actor.snapshot),
    requestKeyframe: (id) => withActor(id, (actor) => actor.requestKeyframe),
    restart: (id) => withActor(id, (actor) => Effect.map(actor.restart, actor.status)),
    probe: (config, seconds) => probe(config, seconds).pipe(Effect.provideService(Sources, sources))
  })
})

export const layer = Layer.effect(CameraControl, make)
