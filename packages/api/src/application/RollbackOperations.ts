/**
 * The way back to a version of anything that is configured.
 *
 * @module
 */
import { httpScopes } from "@vigil/core/contract/KeyScopes"
import { Principal } from "@vigil/core/contract/Principal"
import { withScope } from "@vigil/core/control/Authorization"
import {
  changedFields,
  type KnownVersion,
  type ObjectHistory,
  secretFields,
  VersionConflict,
  VersionNotFound
} from "@vigil/core/ObjectHistory"
import { type Rollback, RollbackRefused, type RollbackRequest, RollbackTo } from "@vigil/core/Rollback"
import type { VersionedType } from "@vigil/core/VersionedType"
import { Effect, Option } from "effect"
import { objectHistory, oneOf } from "./HistoryOperations.js"
import { rollbacks } from "./Rollbacks.js"

/** Whoever may change it by hand may; API keys too. */
const authorizeRollback = (type: VersionedType, id: string) =>
  Effect.gen(function* () {
    const { allowed, edit } = rollbacks[type]
    yield* allowed(id)
    yield* withScope(yield* Principal, httpScopes[edit(id)])
  })

/** Secrets that changed after a version. */
const secretsSince = ({ versions }: ObjectHistory, { sequence }: KnownVersion, removed: boolean): ReadonlyArray<string> => {
  const since = versions.filter((version) => removed || version.sequence > sequence)
  const changed = new Set(since.flatMap((version) => version.changed))
  return secretFields.filter((field) => changed.has(field))
}

const unfit = (revision: number, why: string): string =>
  `revision ${revision} does not fit what there is now: ${why}; mend that first, or make the change by hand`

/** What going back changes, and by which way. */
const planOf = (type: VersionedType, id: string, revision: number, expectedRevision: number | undefined) =>
  Effect.gen(function* () {
    yield* authorizeRollback(type, id)
    const history = yield* objectHistory(type, id)
    const version = yield* oneOf(history, revision)
    const [now] = history.versions
    if (version.values === null || now === undefined) return yield* new VersionNotFound({ type, id, revision })
    if (expectedRevision !== undefined && expectedRevision !== now.revision)
      return yield* new VersionConflict({ type, id, expected: expectedRevision, actual: now.revision })
    const restored = now.values === null
    const { change, restore, wanted } = rollbacks[type]
    const way = restored ? restore : change
    const values = wanted(version.values, now.values ?? {})
    const then = yield* way.fields(values)
    const held = Object.fromEntries(Object.keys(then).map((field) => [field, now.values?.[field] ?? null]))
    const secrets = secretsSince(history, version, restored)
    const changes = { type, id, to: revision, restored, fields: changedFields(held, then), secrets }
    const last = history.versions.find(({ values: said }) => said !== null)?.values ?? {}
    return { way, values, changes, last, revision: now.revision, sequence: now.sequence }
  })

/**
 * Gives an object what it had at a revision, as a new revision, by the same operation as a change by hand; one that was removed is there again. With
 * `dryRun` it only says what would change.
 */
export const rollBack = (
  type: VersionedType,
  id: string,
  { credentials, dryRun, revision }: RollbackRequest,
  expectedRevision?: number
) =>
  Effect.gen(function* () {
    const { user } = yield* Principal
    const { changes, last, revision: before, sequence, values, way } = yield* planOf(type, id, revision, expectedRevision)
    const isSame = !changes.restored && changes.fields.length === 0 && credentials === undefined
    if (dryRun || isSame) return { ...changes, dryRun, revision: before } satisfies Rollback
    const back = { id, revision: before, changed: changes.fields.map(({ field }) => field), last, credentials }
    yield* Effect.gen(function* () {
      yield* way.apply(back, values)
    }).pipe(
      Effect.provideService(RollbackTo, { revision, decidedAt: { tenant: user.tenantId, revision: before, sequence } }),
      Effect.catchSomeDefect((defect) => (defect instanceof VersionConflict ? Option.some(Effect.fail(defect)) : Option.none())),
      Effect.catchTag(
        "PlaceNotFound",
        "EdgeNotFound",
        "ModelUnsuitable",
        "ModelVersionNotFound",
        "InvalidAnalytic",
        "InvalidSetting",
        "PlainIssuer",
        ({ message }) => new RollbackRefused({ reason: "fit", detail: unfit(revision, message) })
      )
    )
    const { versions } = yield* objectHistory(type, id)
    return { ...changes, dryRun, revision: versions[0]?.revision ?? before } satisfies Rollback
  })
