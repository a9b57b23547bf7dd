import { describe, expect, layer } from "@effect/vitest"
import { type BusMessage, subjectId } from "@vigil/core/BusMessage"
import { defaultTenant, type CameraId } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { Outbox } from "@vigil/core/port/Outbox"
import { Effect, type Layer, Stream } from "effect"
import { anyCameraId, entry, newCamera, otherTenant } from "../Samples.js"

/** Everything that waits, as `publish` sees it; calls until there is nothing. */
const drain = (publish: (message: BusMessage) => boolean = () => true) =>
  Effect.gen(function* () {
    const { relay } = yield* Outbox
    const told: Array<BusMessage> = []
    let count: number
    do {
      count = yield* relay((message) =>
        Effect.sync(() => {
          told.push(message)
          return publish(message)
        })
      )
    } while (count > 0)
    return told
  })

const typesOf = (told: ReadonlyArray<BusMessage>, id: CameraId) =>
  told.filter((message) => subjectId(message) === id).map(({ type }) => type)

/** What stores and their outbox must do together; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const outboxConformance = <E>(name: string, stores: Layer.Layer<Outbox | CameraStore | EventStore, E>): void => {
  describe(`Outbox: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("has a message for each change of a camera, in order, once", () =>
        Effect.gen(function* () {
          const cameras = yield* CameraStore
          yield* drain()
          const { id } = yield* cameras.create(defaultTenant, newCamera({ url: "rtsp://u:secret@192.0.2.7/1" }))
          const theirs = yield* cameras.create(otherTenant, newCamera({ enabled: false }))
          yield* cameras.update(defaultTenant, id, { name: "Yard" })
          yield* cameras.update(defaultTenant, id, { enabled: false })
          const last = yield* cameras.update(defaultTenant, id, { enabled: true, name: "Gate" })
          yield* cameras.remove(defaultTenant, id)
          expect(yield* (yield* Outbox).depth).toBe(8)
          const told = yield* drain()
          expect(typesOf(told, id)).toEqual([
            "camera.created",
            "camera.enabled",
            "camera.updated",
            "camera.disabled",
            "camera.updated",
            "camera.enabled",
            "camera.deleted"
          ])
          expect(typesOf(told, theirs.id)).toEqual(["camera.created"])
          expect(told.filter((message) => subjectId(message) === id).at(-1)).toMatchObject({
            camera: last,
            tenantId: defaultTenant
          })
          expect(new Set(told.map((message) => message.id)).size).toBe(told.length)
          expect(JSON.stringify(told)).not.toContain("secret")
          expect(yield* drain()).toEqual([])
        })
      )

      it.effect("has nothing of a change that was refused", () =>
        Effect.gen(function* () {
          const cameras = yield* CameraStore
          const { id } = yield* cameras.create(defaultTenant, newCamera())
          yield* drain()
          yield* Effect.flip(cameras.update(defaultTenant, id, { name: "Lost" }, 7))
          yield* Effect.flip(cameras.update(otherTenant, id, { name: "Stolen" }))
          yield* Effect.flip(cameras.remove(defaultTenant, anyCameraId()))
          yield* Effect.flip(cameras.create(defaultTenant, newCamera({ url: "gopher://x" })))
          expect(yield* drain()).toEqual([])
        })
      )

      it.effect("tells of an event's status once it is another", () =>
        Effect.gen(function* () {
          const events = yield* EventStore
          const written = entry(anyCameraId(), 1)
          const { eventId } = written.event
          yield* events.append(written.event.cameraId, [written])
          yield* drain()
          const changed = yield* events.change(defaultTenant, eventId, { status: "ACKNOWLEDGED" })
          yield* events.change(defaultTenant, eventId, { status: "ACKNOWLEDGED" })
          expect(yield* drain()).toMatchObject([{ type: "event.status", tenantId: defaultTenant, entry: changed }])
        })
      )

      it.effect("keeps what could not be published, and what follows of that camera", () =>
        Effect.gen(function* () {
          const cameras = yield* CameraStore
          yield* drain()
          const [one, two] = [
            yield* cameras.create(defaultTenant, newCamera({ enabled: false })),
            yield* cameras.create(defaultTenant, newCamera({ enabled: false }))
          ]
          for (const { id } of [one, two]) yield* cameras.update(defaultTenant, id, { enabled: true })
          const first = yield* drain((message) => subjectId(message) !== one.id)
          expect(new Set(typesOf(first, one.id))).toEqual(new Set(["camera.created"]))
          const rest = yield* drain()
          expect(typesOf(rest, one.id)).toEqual(["camera.created", "camera.enabled"])
          const all = [...typesOf(first, two.id), ...typesOf(rest, two.id)]
          expect(all.filter((type, index) => all.indexOf(type) === index)).toEqual(["camera.created", "camera.enabled"])
        })
      )

      it.scoped("lets one relay work at a time, hints at what is new", () =>
        Effect.gen(function* () {
          const cameras = yield* CameraStore
          const outbox = yield* Outbox
          const create = cameras.create(defaultTenant, newCamera())
          const hinted = outbox.changes.pipe(Stream.take(1), Stream.runDrain)
          yield* Effect.raceFirst(hinted, Effect.forever(Effect.delay(create, "50 millis"))).pipe(Effect.timeout("60 seconds"))
          yield* drain()
          const made = yield* Effect.forEach([1, 2, 3, 4, 5], () => cameras.create(defaultTenant, newCamera({ enabled: false })))
          const told: Array<string> = []
          const relay = outbox.relay((message) =>
            Effect.delay(
              Effect.sync(() => told.push(message.id) > 0),
              "20 millis"
            )
          )
          yield* Effect.replicateEffect(relay, 4, { concurrency: "unbounded" })
          yield* drain()
          expect(told.filter((id, index) => told.indexOf(id) === index)).toHaveLength(told.length)
          expect(told).toHaveLength(made.length)
        })
      )
    })
  })
}
