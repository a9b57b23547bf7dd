import type { AuditEntry } from "@vigil/core/AuditEntry"
import { authorize } from "@vigil/core/control/Authorization"
import { CameraId, PlaceId } from "@vigil/core/Ids"
import { differenceOf, historyOf, type ObjectHistory, versionAt, VersionNotFound } from "@vigil/core/ObjectHistory"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { GrantStore } from "@vigil/core/port/GrantStore"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import { mostRemoved, removalActions, removedBy, type RemovedObject, type RestorableType } from "@vigil/core/RemovedObject"
import type { User } from "@vigil/core/User"
import { type VersionedType, versionTrails } from "@vigil/core/VersionedType"
import { Effect, Schema } from "effect"

/** Entries of one question, and the most that are read of an object. */
const page = 500
const mostEntries = 10_000

/** What supervisors configure is for them; the rest is for administrators. */
const forSupervisors: ReadonlyArray<VersionedType> = ["camera", "place", "settings"]

const reader = (type: VersionedType) => authorize(forSupervisors.includes(type) ? "supervisor" : "admin", "the history")

const isCameraId = Schema.is(CameraId)
const isPlaceId = Schema.is(PlaceId)

/** Whoever is limited sees no history but of what is there now, and in reach: the trail does not say where a thing was. */
const inReach = (user: User, type: VersionedType, id: string) =>
  Effect.gen(function* () {
    const { limited } = yield* (yield* GrantStore).get(user.tenantId, user.id)
    if (!limited) return
    if (type === "camera" && isCameraId(id)) yield* (yield* CameraStore).get(user.tenantId, id)
    else if ((type === "place" || type === "settings") && isPlaceId(id)) yield* (yield* PlaceStore).get(user.tenantId, id)
    else return yield* new VersionNotFound({ type, id, revision: null })
  }).pipe(
    Effect.catchTags({
      CameraNotFound: () => new VersionNotFound({ type, id, revision: null }),
      PlaceNotFound: () => new VersionNotFound({ type, id, revision: null })
    })
  )

export const objectHistory = (type: VersionedType, id: string) =>
  Effect.gen(function* () {
    const user = yield* reader(type)
    yield* inReach(user, type, id)
    const { query } = yield* AuditStore
    const { actions } = versionTrails[type]
    const entries: Array<AuditEntry> = []
    let before: number | undefined
    do {
      const wanted = { subjectId: id, limit: page, ...(before === undefined ? {} : { before }) }
      const found = yield* query(user.tenantId, wanted, actions)
      entries.push(...found.entries)
      before = found.next
    } while (before !== undefined && entries.length < mostEntries)
    const history = historyOf(type, id, entries.reverse())
    if (history.versions.length === 0) return yield* new VersionNotFound({ type, id, revision: null })
    // What was before the entries that are read is not known.
    return before === undefined ? history : { ...history, original: null }
  })

/** The version of a revision. */
export const oneOf = (history: ObjectHistory, revision: number) =>
  Effect.mapError(versionAt(history, revision), () => new VersionNotFound({ type: history.type, id: history.id, revision }))

export const objectDifference = (type: VersionedType, id: string, from: number, to: number) =>
  Effect.gen(function* () {
    const history = yield* objectHistory(type, id)
    return differenceOf(yield* oneOf(history, from), yield* oneOf(history, to))
  })

/** The objects that were removed last and are not there again. None for whoever is limited: the trail does not say where a thing was. */
export const removedObjects = (type: RestorableType) =>
  Effect.gen(function* () {
    const user = yield* reader(type)
    const { limited } = yield* (yield* GrantStore).get(user.tenantId, user.id)
    if (limited) return []
    const { query } = yield* AuditStore
    const actions = removalActions(type)
    const seen = new Set<string>()
    const removed: Array<RemovedObject> = []
    let read = 0
    let before: number | undefined
    do {
      const found = yield* query(user.tenantId, { limit: page, ...(before === undefined ? {} : { before }) }, actions)
      removed.push(...removedBy(type, found.entries, seen))
      read += found.entries.length
      before = found.next
    } while (before !== undefined && removed.length < mostRemoved && read < mostEntries)
    return removed.slice(0, mostRemoved)
  })
