import { expect, it } from "@effect/vitest"
import { defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import { SettingStore } from "@vigil/core/port/SettingStore"
import type { SettingScope } from "@vigil/core/settings/SettingLevels"
import { Settings } from "@vigil/core/settings/Settings"
import type { SettingPatch } from "@vigil/core/settings/SettingValues"
import { Effect } from "effect"
import { temporaryFolder, until } from "../Vigil.js"
import { addCamera, makeEdge, type RunningEdge, startCentre, startEdge, untilAssigned } from "./EdgeSite.js"

/** Seconds of a segment of the edge's only camera. */
const segmentAt = (edge: RunningEdge) =>
  edge.ask(
    Effect.gen(function* () {
      const [camera] = yield* (yield* CameraStore).list(defaultTenant)
      if (camera === undefined) return 0
      return (yield* (yield* Settings).run(camera)).camera.segment.duration
    })
  )

it.scopedLive(
  "cameras of an edge inherit what the centre says, also after the edge began anew without it",
  () =>
    Effect.gen(function* () {
      const centre = yield* startCentre
      const { id, token } = yield* makeEdge(centre, "north")
      const say = (scope: SettingScope, patch: SettingPatch) =>
        centre.ask(Effect.flatMap(SettingStore, ({ change }) => change(defaultTenant, scope, patch)))
      const makeSite = (name: string) =>
        centre.ask(Effect.flatMap(PlaceStore, ({ create }) => create(defaultTenant, { kind: "site", name, parentId: null })))
      const site = yield* makeSite("North")
      const elsewhere = yield* makeSite("South")
      const camera = yield* addCamera(centre, id, { placeId: site.id })
      yield* say({ level: "system" }, { "segment.duration": 2 })
      yield* say({ level: "site", site: elsewhere.id }, { "segment.duration": 9 })

      const folder = yield* temporaryFolder
      const origin = `http://127.0.0.1:${centre.port}`
      const edge = yield* startEdge(folder, origin, token)
      yield* untilAssigned(edge, camera)
      yield* until("it inherits from the system", segmentAt(edge), (seconds) => seconds === 2)
      yield* say({ level: "site", site: site.id }, { "segment.duration": 3 })
      yield* until("it inherits from its site", segmentAt(edge), (seconds) => seconds === 3)
      const known = yield* edge.ask(Effect.flatMap(SettingStore, ({ ofTenant }) => ofTenant(defaultTenant)))
      expect([...known.sites.keys()]).toEqual([site.id])
      yield* edge.stop

      yield* centre.stop
      const alone = yield* startEdge(folder, origin, token)
      expect(yield* segmentAt(alone)).toBe(3)
    }),
  400_000
)
