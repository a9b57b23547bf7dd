import { DateTime, Effect, type Either, Layer, PubSub, Stream } from "effect"
import type { Camera, CameraPatch, NewCamera } from "../Camera.js"
import type { CameraMessage } from "../BusMessage.js"
import { messagesOfChange, messagesOfCreation, messagesOfRemoval } from "../CameraLifecycle.js"
import { cameraCursor, cameraCursors, cameraPage, compareCursors, matchesQuery } from "../CameraQuery.js"
import { type CameraRecord, freshCamera, isBackAlready, newRecord, revisedRecord, revisionConflict } from "../CameraRecord.js"
import { type CameraId, type EdgeId, Epoch, type PlaceId, type TenantId } from "../Ids.js"
import { CameraNotFound, CameraStore } from "../port/CameraStore.js"
import { EdgeNotFound } from "../port/EdgeStore.js"
import { PlaceNotFound } from "../port/PlaceStore.js"
import type { ComingBack } from "../Rollback.js"
import type { OutboxMemory } from "./OutboxMemory.js"

const byName = (a: CameraRecord, b: CameraRecord) =>
  a.camera.name.localeCompare(b.camera.name) || a.camera.id.localeCompare(b.camera.id)

interface Surroundings {
  readonly edge?: EdgeId | null | undefined
  readonly placeId?: PlaceId | null | undefined
}

/** There are no edges and places beside a store within a process. */
const checkSurroundings = ({ edge, placeId }: Surroundings): Effect.Effect<void, EdgeNotFound | PlaceNotFound> => {
  if (edge !== null && edge !== undefined) return new EdgeNotFound({ edgeId: edge })
  return placeId === null || placeId === undefined ? Effect.void : new PlaceNotFound({ placeId })
}

const outcomes = <C extends { readonly id: CameraId }, A, E>(
  changes: ReadonlyArray<C>,
  make: (change: C) => Effect.Effect<A, E>
): Effect.Effect<ReadonlyMap<CameraId, Either.Either<A, E>>> =>
  Effect.map(
    Effect.forEach(changes, (change) => Effect.map(Effect.either(make(change)), (outcome) => [change.id, outcome] as const)),
    (entries) => new Map(entries)
  )

/** Cameras within this process. */
export const makeCameraStoreMemory = (outbox?: OutboxMemory): Effect.Effect<typeof CameraStore.Service> =>
  Effect.gen(function* () {
    const records = new Map<CameraId, CameraRecord>()
    const epochs = new Map<CameraId, Epoch>()
    // A hint to read again: one that waits says as much as many.
    const changed = yield* PubSub.sliding<void>(1)

    const find = (id: CameraId): Effect.Effect<CameraRecord, CameraNotFound> =>
      Effect.suspend(() => {
        const record = records.get(id)
        return record === undefined ? Effect.fail(new CameraNotFound({ cameraId: id })) : Effect.succeed(record)
      })
    const findOf = (tenant: TenantId, id: CameraId) =>
      Effect.filterOrFail(
        find(id),
        ({ camera }) => camera.tenantId === tenant,
        () => new CameraNotFound({ cameraId: id })
      )
    const tell = (messages: ReadonlyArray<CameraMessage>) =>
      Effect.zipRight(outbox === undefined ? Effect.void : outbox.add(messages), PubSub.publish(changed, undefined))
    const save = (record: CameraRecord, messages: ReadonlyArray<CameraMessage>) =>
      Effect.sync(() => records.set(record.camera.id, record)).pipe(Effect.zipRight(tell(messages)), Effect.as(record.camera))
    const recordOf = (tenant: TenantId, { id, revision }: ComingBack<CameraId>, input: NewCamera) =>
      checkSurroundings(input).pipe(
        Effect.zipRight(DateTime.now),
        Effect.flatMap((now) => newRecord(tenant, id, input, now, revision))
      )
    const create = (tenant: TenantId, input: NewCamera) =>
      Effect.flatMap(
        Effect.suspend(() => recordOf(tenant, freshCamera(), input)),
        (record) => save(record, messagesOfCreation(record))
      )
    const list = (keep: (record: CameraRecord) => boolean) =>
      Effect.sync(() =>
        [...records.values()]
          .filter(keep)
          .sort(byName)
          .map(({ camera }) => camera)
      )

    const atAddresses = (tenant: TenantId, urls: ReadonlyArray<string>) => {
      const wanted = new Set(urls)
      return list(({ camera }) => camera.tenantId === tenant && wanted.has(camera.url))
    }

    const update = (tenant: TenantId, id: CameraId, patch: CameraPatch, expectedRevision?: number) =>
      Effect.all([findOf(tenant, id), DateTime.now, checkSurroundings(patch)]).pipe(
        Effect.flatMap(([record, now]) =>
          Effect.flatMap(revisedRecord(record, patch, now, expectedRevision), (revised) => {
            const messages = messagesOfChange(record, revised)
            return messages.length === 0 ? Effect.succeed(record.camera) : save(revised, messages)
          })
        )
      )
    const remove = (tenant: TenantId, id: CameraId, expectedRevision?: number) =>
      Effect.gen(function* () {
        const { camera } = yield* findOf(tenant, id)
        const conflict = revisionConflict(camera, expectedRevision)
        if (conflict !== undefined) return yield* conflict
        records.delete(id)
        yield* tell(messagesOfRemoval(camera, yield* DateTime.now))
      })

    return {
      list: (tenant) => list(({ camera }) => camera.tenantId === tenant),
      page: (tenant, query, among) =>
        Effect.map(cameraCursors.parse(query), (from) => {
          const at = (camera: Camera) => cameraCursor(camera, query.sort)
          const direction = query.descending ? -1 : 1
          const wanted = among === undefined ? undefined : new Set(among)
          const matching = [...records.values()]
            .map(({ camera }) => camera)
            .filter(({ id, tenantId }) => tenantId === tenant && query.placeId === undefined && wanted?.has(id) !== false)
            .filter((camera) => matchesQuery(camera, query))
          const found = matching
            .filter((camera) => from === undefined || direction * compareCursors(at(camera), from) > 0)
            .sort((a, b) => direction * compareCursors(at(a), at(b)))
          return { ...cameraPage(found, query, at), ...(query.count ? { total: matching.length } : {}) }
        }),
      atAddresses,
      maskedAt: (tenant, urls) =>
        Effect.map(atAddresses(tenant, urls), (cameras) => cameras.filter(({ masks }) => masks.length > 0)),
      get: (tenant, id) => Effect.map(findOf(tenant, id), ({ camera }) => camera),
      among: (tenant, ids) => {
        const wanted = new Set(ids)
        return list(({ camera }) => camera.tenantId === tenant && wanted.has(camera.id))
      },
      create,
      restore: (tenant, back, input) =>
        Effect.flatMap(recordOf(tenant, back, input), (record) =>
          records.has(back.id) ? isBackAlready(back) : save(record, messagesOfCreation(record))
        ),
      createMany: (tenant, inputs) =>
        Effect.flatMap(
          Effect.forEach(inputs, (input) => recordOf(tenant, freshCamera(), input)),
          Effect.forEach((record) => save(record, messagesOfCreation(record)))
        ),
      update,
      updateMany: (tenant, changes) =>
        outcomes(changes, ({ expectedRevision, id, patch }) => update(tenant, id, patch, expectedRevision)),
      remove,
      removeMany: (tenant, removals) => outcomes(removals, ({ expectedRevision, id }) => remove(tenant, id, expectedRevision)),
      all: list(() => true),
      outlines: list(({ camera }) => camera.edge === null),
      some: (ids) => {
        const wanted = new Set(ids)
        return list(({ camera }) => wanted.has(camera.id))
      },
      changes: Stream.fromPubSub(changed),
      secrets: find,
      takeEpoch: (id) =>
        Effect.map(find(id), () => {
          const next = Epoch.make((epochs.get(id) ?? 0) + 1)
          epochs.set(id, next)
          return next
        })
    }
  })

export const layerCameraStoreMemory: Layer.Layer<CameraStore> = Layer.effect(CameraStore, makeCameraStoreMemory())
