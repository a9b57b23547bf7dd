import { describe, expect, layer } from "@effect/vitest"
import { EventQuery, mostNotes, mostTags } from "@vigil/core/Event"
import { defaultTenant, Epoch, EventId } from "@vigil/core/Ids"
import { EventStore } from "@vigil/core/port/EventStore"
import { Chunk, DateTime, Effect, type Layer, Option, Schema, Stream } from "effect"
import * as fc from "effect/FastCheck"
import { anyCameraId, entry, otherTenant } from "../Samples.js"

const query = (fields: typeof EventQuery.Encoded = {}) => Schema.decodeSync(EventQuery)(fields)

/** What every store of events must do; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const eventStoreConformance = <E>(name: string, stores: Layer.Layer<EventStore, E>): void => {
  describe(`EventStore: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("gives back what was appended", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          const entries = [
            entry(cameraId, 1),
            entry(cameraId, 2, { detectionMetadata: {}, eventType: "TAMPERING", clipUrl: "/clips/1" })
          ]
          expect(yield* store.progress(cameraId)).toEqual({ stored: 0, published: 0 })
          yield* store.append(cameraId, entries)
          expect((yield* store.progress(cameraId)).stored).toBe(2)
          for (const written of entries) expect(yield* store.get(defaultTenant, written.event.eventId)).toEqual(written)
          expect((yield* store.query(defaultTenant, query({ cameraId }))).events).toEqual([...entries].reverse())
        })
      )

      it.effect("writes an entry once, however often it is appended", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          const [first, second, third] = [entry(cameraId, 1), entry(cameraId, 2), entry(cameraId, 3)]
          yield* store.append(cameraId, [first, second])
          yield* store.append(cameraId, [first, second])
          yield* store.append(cameraId, [second, third])
          expect((yield* store.query(defaultTenant, query({ cameraId }))).events).toEqual([third, second, first])
        })
      )

      it.effect("keeps a status that was set when the entry is appended again", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          const written = entry(cameraId, 1)
          yield* store.append(cameraId, [written])
          const changed = yield* store.change(defaultTenant, written.event.eventId, { status: "ACKNOWLEDGED" })
          yield* store.append(cameraId, [written])
          expect(changed.event.status).toBe("ACKNOWLEDGED")
          expect(yield* store.get(defaultTenant, written.event.eventId)).toEqual(changed)
        })
      )

      it.effect("keeps tags, a ticket and notes, finds events by a tag, and has a bound for each", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          const [first, second] = [entry(cameraId, 1), entry(cameraId, 2)]
          yield* store.append(cameraId, [first, second])
          const { eventId } = first.event
          const change = (what: Parameters<typeof store.change>[2]) => store.change(defaultTenant, eventId, what)
          const note = { by: "anna", at: DateTime.unsafeMake(1_767_323_045_000), text: "It's the\npostman — 'Peter'" }
          yield* change({ addTags: ["post", 'a, b\'s "c" {d}'], ticket: "INC-1" })
          yield* change({ addTags: ["post", "late"], removeTags: ["never"], note })
          const changed = yield* change({ removeTags: ["late"], note: { ...note, text: "again" } })
          expect(changed).toEqual({
            ...first,
            tags: ['a, b\'s "c" {d}', "post"],
            ticket: "INC-1",
            notes: [note, { ...note, text: "again" }]
          })
          expect(yield* store.get(defaultTenant, eventId)).toEqual(changed)
          const found = (tag: string) => Effect.map(store.query(defaultTenant, query({ cameraId, tag })), ({ events }) => events)
          expect(yield* found("post")).toEqual([changed])
          expect(yield* found('a, b\'s "c" {d}')).toEqual([changed])
          expect(yield* found("late")).toEqual([])
          const tags = Array.from({ length: mostTags }, (_, index) => `tag ${index}`)
          expect(yield* Effect.flip(change({ addTags: tags }))).toMatchObject({ _tag: "EventFull", what: "tags", most: mostTags })
          yield* Effect.forEach(Array.from({ length: mostNotes - 2 }), () => change({ note }))
          expect(yield* Effect.flip(change({ note }))).toMatchObject({ _tag: "EventFull", what: "notes", most: mostNotes })
          yield* change({ removeTags: changed.tags ?? [], ticket: null })
          const bare = yield* store.get(defaultTenant, eventId)
          expect([bare.tags, bare.ticket, bare.notes?.length]).toEqual([undefined, undefined, mostNotes])
        })
      )

      it.effect("loses no tag and no note of those who write at once", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          const written = entry(cameraId, 1)
          yield* store.append(cameraId, [written])
          const names = ["a", "b", "c", "d", "e", "f"]
          yield* Effect.forEach(
            names,
            (name) =>
              store.change(defaultTenant, written.event.eventId, {
                addTags: [name],
                note: { by: name, at: DateTime.unsafeMake(0), text: name }
              }),
            { concurrency: "unbounded", discard: true }
          )
          const { notes = [], tags = [] } = yield* store.get(defaultTenant, written.event.eventId)
          expect([tags, notes.map(({ by }) => by).sort()]).toEqual([names, names])
        })
      )

      it.effect("refuses a lower epoch than it has seen, and writes nothing of the batch", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          yield* store.append(cameraId, [entry(cameraId, 1, { epoch: 2 })])
          yield* store.append(cameraId, [entry(cameraId, 2, { epoch: 3 })])
          const stale = yield* Effect.flip(
            store.append(cameraId, [entry(cameraId, 3, { epoch: 3 }), entry(cameraId, 4, { epoch: 2 })])
          )
          expect(stale).toMatchObject({ _tag: "StaleEpoch", cameraId, epoch: 2, current: 3 })
          expect((yield* store.progress(cameraId)).stored).toBe(2)
          yield* store.append(cameraId, [entry(cameraId, 3, { epoch: 3 })])
        })
      )

      it.effect("refuses gaps, sequences of other events and events of other cameras", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          yield* store.append(cameraId, [entry(cameraId, 1)])
          for (const wrong of [entry(cameraId, 3), entry(cameraId, 1), entry(anyCameraId(), 2)]) {
            expect(yield* Effect.flip(store.append(cameraId, [wrong]))).toMatchObject({ _tag: "StoreUnavailable" })
          }
          expect((yield* store.progress(cameraId)).stored).toBe(1)
        })
      )

      it.effect("adopts entries with gaps, and ends where it is told, once", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          yield* store.append(cameraId, [entry(cameraId, 1), entry(cameraId, 2)])
          const end = { tenantId: defaultTenant, epoch: Epoch.make(2), sequence: 9 }
          const entries = [entry(cameraId, 5), entry(cameraId, 7, { epoch: 2 })]
          yield* store.adopt(cameraId, entries, end)
          yield* store.append(cameraId, [entry(cameraId, 10, { epoch: 2 })])
          expect((yield* store.after(cameraId, 0, 10)).map(({ sequence }) => sequence)).toEqual([1, 2, 5, 7, 10])
          expect((yield* store.progress(cameraId)).stored).toBe(10)
          expect(yield* Effect.flip(store.append(cameraId, [entry(cameraId, 12, { epoch: 2 })]))).toMatchObject({
            _tag: "StoreUnavailable"
          })
          // Nothing of a batch is left, not even where the camera never wrote.
          const silent = anyCameraId()
          yield* store.adopt(silent, [], { ...end, sequence: 4 })
          yield* store.adopt(silent, [], { ...end, sequence: 3 })
          expect((yield* store.progress(silent)).stored).toBe(4)
          const stale = yield* Effect.flip(store.adopt(cameraId, [], { ...end, epoch: Epoch.make(1), sequence: 20 }))
          expect(stale).toMatchObject({ _tag: "StaleEpoch", current: 2 })
        })
      )

      it.effect("gives each sequence to one of two writers at once", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          const results = yield* Effect.replicateEffect(
            Effect.suspend(() => Effect.either(store.append(cameraId, [entry(cameraId, 1)]))),
            8,
            { concurrency: "unbounded" }
          )
          expect(results.filter(({ _tag }) => _tag === "Right")).toHaveLength(1)
          expect((yield* store.query(defaultTenant, query({ cameraId }))).events).toHaveLength(1)
        })
      )

      it.effect("pages over everything once, newest first, also where times are equal", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          yield* Effect.promise(() =>
            fc.assert(
              fc.asyncProperty(
                fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 }),
                fc.integer({ min: 1, max: 5 }),
                (times, limit) =>
                  Effect.runPromise(
                    Effect.gen(function* () {
                      const from = (yield* store.progress(cameraId)).stored
                      const entries = times.map((at, index) => entry(cameraId, from + index + 1, { at }))
                      yield* store.append(cameraId, entries)
                      const total = (yield* store.progress(cameraId)).stored
                      const pages = Stream.paginateEffect(undefined, (cursor: string | undefined) =>
                        Effect.map(
                          store.query(
                            defaultTenant,
                            query(cursor === undefined ? { cameraId, limit } : { cameraId, limit, cursor })
                          ),
                          (page) => [page.events, Option.map(Option.fromNullable(page.nextCursor), (next) => next)]
                        )
                      )
                      const seen = Chunk.toReadonlyArray(yield* Stream.runCollect(pages)).flat()
                      expect(new Set(seen.map(({ event }) => event.eventId)).size).toBe(total)
                      expect(seen).toHaveLength(total)
                      const millis = seen.map(({ event }) => event.timestamp.epochMillis)
                      expect(millis).toEqual([...millis].sort((a, b) => b - a))
                    })
                  )
              ),
              { numRuns: 10 }
            )
          )
        })
      )

      it.effect("filters by camera, type, status and time; `to` is the first moment left out", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          const entries = [
            entry(cameraId, 1, { eventType: "MOTION" }),
            entry(cameraId, 2, { status: "RESOLVED" }),
            entry(cameraId, 3)
          ]
          yield* store.append(cameraId, entries)
          const sequences = (fields: typeof EventQuery.Encoded) =>
            Effect.map(store.query(defaultTenant, query({ cameraId, ...fields })), ({ events }) =>
              events.map(({ sequence }) => sequence)
            )
          expect(yield* sequences({ eventType: "MOTION" })).toEqual([1])
          expect(yield* sequences({ status: "RESOLVED" })).toEqual([2])
          expect(yield* sequences({ from: "2026-01-02T03:04:07Z" })).toEqual([3, 2])
          expect(yield* sequences({ from: "2026-01-02T03:04:06Z", to: "2026-01-02T03:04:08Z" })).toEqual([2, 1])
        })
      )

      it.effect("keeps tenants apart", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          const theirs = entry(cameraId, 1, { customerId: otherTenant })
          yield* store.append(cameraId, [theirs])
          const { eventId } = theirs.event
          const notFound = { _tag: "EventNotFound", eventId }
          expect(yield* Effect.flip(store.get(defaultTenant, eventId))).toMatchObject(notFound)
          expect(yield* Effect.flip(store.change(defaultTenant, eventId, { status: "RESOLVED" }))).toMatchObject(notFound)
          expect((yield* store.query(defaultTenant, query({ cameraId }))).events).toEqual([])
          expect((yield* store.get(otherTenant, eventId)).event.status).toBe("NEW")
        })
      )

      it.effect("knows what was published, and gives back in order what was not", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const [cameraId, other] = [anyCameraId(), anyCameraId()]
          const entries = Array.from({ length: 12 }, (_, index) => entry(cameraId, index + 1))
          yield* store.append(cameraId, entries)
          yield* store.append(other, [entry(other, 1)])
          expect(yield* store.unpublished(0)).toEqual(expect.arrayContaining([cameraId, other]))
          expect(yield* store.unpublished(10 * 365 * 86_400_000)).not.toContain(cameraId)
          yield* store.markPublished(cameraId, 10)
          yield* store.markPublished(cameraId, 3)
          yield* store.markPublished(other, 1)
          expect(yield* store.progress(cameraId)).toEqual({ stored: 12, published: 10 })
          const changed = yield* store.change(defaultTenant, entries[10]?.event.eventId ?? EventId.make(""), {
            status: "RESOLVED"
          })
          expect(yield* store.after(cameraId, 10, 100)).toEqual([changed, entries[11]])
          expect(yield* store.after(cameraId, 0, 3)).toEqual(entries.slice(0, 3))
          const waiting = yield* store.unpublished(0)
          expect(waiting).toContain(cameraId)
          expect(waiting).not.toContain(other)
          yield* store.markPublished(cameraId, 12)
          expect(yield* store.after(cameraId, 12, 100)).toEqual([])
          expect(yield* store.unpublished(0)).not.toContain(cameraId)
        })
      )

      it.effect("answers an unknown event and a strange cursor with errors", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const unknown = EventId.make(crypto.randomUUID())
          expect(yield* Effect.flip(store.get(defaultTenant, unknown))).toMatchObject({ _tag: "EventNotFound" })
          expect(yield* Effect.flip(store.query(defaultTenant, query({ cursor: "'; drop table events" })))).toMatchObject({
            _tag: "CursorRefused"
          })
        })
      )

      it.effect("takes a cursor for the filter only that it was made for", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const cameraId = anyCameraId()
          yield* store.append(
            cameraId,
            [1, 2, 3].map((sequence) => entry(cameraId, sequence))
          )
          const { nextCursor: cursor } = yield* store.query(defaultTenant, query({ cameraId, limit: 1 }))
          const next = yield* store.query(defaultTenant, query(cursor === undefined ? {} : { cameraId, limit: 2, cursor }))
          expect(next.events).toHaveLength(2)
          for (const other of [{}, { cameraId, status: "NEW" as const }, { cameraId: anyCameraId() }]) {
            expect(yield* Effect.flip(store.query(defaultTenant, query({ ...other, cursor: cursor ?? "" })))).toMatchObject({
              _tag: "CursorRefused"
            })
          }
        })
      )
    })
  })
}
