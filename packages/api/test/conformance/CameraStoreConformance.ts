import { Zone } from "@vigil/core/geometry/Zone"
import { describe, expect, layer } from "@effect/vitest"
import { CameraQuery } from "@vigil/core/CameraQuery"
import { CameraId, defaultTenant, EdgeId, PlaceId } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Deferred, Effect, Fiber, type Layer, Option, Redacted, Schema, Stream } from "effect"
import { anyCameraId, newCamera, otherTenant } from "../Samples.js"

const query = (given: Partial<CameraQuery>): CameraQuery => ({ ...Schema.decodeSync(CameraQuery)({}), ...given })

const credentialsOf = (id: CameraId) =>
  Effect.flatMap(CameraStore, (store) => Effect.map(store.secrets(id), ({ credentials }) => credentials))

/** What every store of cameras must do; `stores` must know the tenants `defaultTenant` and `otherTenant`. */
export const cameraStoreConformance = <E>(name: string, stores: Layer.Layer<CameraStore, E>): void => {
  describe(`CameraStore: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("gives back what was created, with user information taken off the URL", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const created = yield* store.create(defaultTenant, newCamera({ url: "rtsp://root:p%40ss:word@192.0.2.7:8554/a?b=c@d" }))
          expect(created).toMatchObject({
            url: "rtsp://192.0.2.7:8554/a?b=c@d",
            hasCredentials: true,
            revision: 1,
            tenantId: defaultTenant
          })
          expect(yield* store.get(defaultTenant, created.id)).toEqual(created)
          const credentials = yield* Effect.flatten(credentialsOf(created.id))
          expect(credentials.username).toBe("root")
          expect(Redacted.value(credentials.password)).toBe("p@ss:word")
          expect(JSON.stringify(created)).not.toContain("word")
        })
      )

      it.effect("keeps every part of the configuration", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const zone = {
            name: "Tür & Tor",
            polygon: [
              { x: 0, y: 0 },
              { x: 1, y: 0 },
              { x: 0.5, y: 1 }
            ]
          }
          const created = yield* store.create(
            defaultTenant,
            newCamera({
              zones: [zone],
              lines: [{ name: "kerb", from: { x: 0, y: 0 }, to: { x: 1, y: 1 }, direction: "both" }],
              segment: { duration: 7.5, overlap: 1 },
              detection: { framesPerSecond: 2, gate: "always" },
              tls: { mode: "fingerprint", sha256: "AB:".repeat(31) + "CD" },
              transport: "udp",
              enabled: false,
              location: "By the door",
              description: "Two\nlines",
              metadata: { asset: "A-7", nested: { list: [1, "two", null] } },
              analytics: [{ analytic: "intrusion", priority: "CRITICAL", settings: { zones: ["gate"], dwell: { seconds: 3 } } }]
            })
          )
          expect(yield* store.get(defaultTenant, created.id)).toEqual(created)
          expect(created.zones[0]?.name).toBe("Tür & Tor")
          const later = yield* store.update(defaultTenant, created.id, { description: null, metadata: { asset: "A-8" } })
          expect(later).toMatchObject({ location: "By the door", description: null, metadata: { asset: "A-8" } })
          expect(yield* store.get(defaultTenant, created.id)).toEqual(later)
        })
      )

      it.effect("refuses URLs that no source can open, without repeating the password", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          for (const [url, reason] of [
            ["gopher://a:secret@b/c", "unsupported"],
            ["rtsp://u:secret@", "invalid-url"],
            ["camera", "invalid-url"]
          ] as const) {
            const error = yield* Effect.flip(store.create(defaultTenant, newCamera({ url })))
            expect(error).toMatchObject({ _tag: "SourceError", reason })
            expect(JSON.stringify(error) + error.message).not.toContain("secret")
          }
        })
      )

      it.effect("changes what the patch names, one revision a time", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const created = yield* store.create(defaultTenant, newCamera({ url: "rtsp://u:p@192.0.2.7/1" }))
          const renamed = yield* store.update(defaultTenant, created.id, { name: "Yard", enabled: false })
          expect(renamed).toMatchObject({ name: "Yard", enabled: false, revision: 2, url: created.url, hasCredentials: true })
          const moved = yield* store.update(defaultTenant, created.id, { url: "rtsp://x:y@192.0.2.8/2", credentials: null }, 2)
          expect(moved).toMatchObject({ url: "rtsp://192.0.2.8/2", hasCredentials: false, revision: 3, name: "Yard" })
          expect(Option.isNone(yield* credentialsOf(created.id))).toBe(true)
          const conflict = yield* Effect.flip(store.update(defaultTenant, created.id, { name: "Lost" }, 2))
          expect(conflict).toMatchObject({ _tag: "RevisionConflict", expected: 2, actual: 3 })
          expect((yield* store.get(defaultTenant, created.id)).name).toBe("Yard")
        })
      )

      it.effect("lets one of two changes of the same revision win", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const { id } = yield* store.create(defaultTenant, newCamera())
          const names = ["a", "b", "c", "d"]
          const results = yield* Effect.forEach(
            names,
            (given) => Effect.either(store.update(defaultTenant, id, { name: given }, 1)),
            {
              concurrency: "unbounded"
            }
          )
          expect(results.filter(({ _tag }) => _tag === "Right")).toHaveLength(1)
          expect((yield* store.get(defaultTenant, id)).revision).toBe(2)
        })
      )

      it.effect("removes what nobody changed since it was read", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const { id } = yield* store.create(defaultTenant, newCamera())
          yield* store.update(defaultTenant, id, { name: "Changed" })
          const conflict = { _tag: "RevisionConflict", expected: 1, actual: 2 }
          expect(yield* Effect.flip(store.remove(defaultTenant, id, 1))).toMatchObject(conflict)
          expect((yield* store.get(defaultTenant, id)).name).toBe("Changed")
          yield* store.remove(defaultTenant, id, 2)
        })
      )

      it.effect("keeps tenants apart", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const { id } = yield* store.create(otherTenant, newCamera({ name: "Theirs" }))
          const notFound = { _tag: "CameraNotFound", cameraId: id }
          expect((yield* store.list(defaultTenant)).some((camera) => camera.id === id)).toBe(false)
          expect(yield* Effect.flip(store.get(defaultTenant, id))).toMatchObject(notFound)
          expect(yield* Effect.flip(store.update(defaultTenant, id, { name: "Ours" }))).toMatchObject(notFound)
          expect(yield* Effect.flip(store.remove(defaultTenant, id))).toMatchObject(notFound)
          expect((yield* store.all).find((camera) => camera.id === id)?.name).toBe("Theirs")
        })
      )

      it.effect("forgets what was removed, but goes on counting its epochs", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const { id } = yield* store.create(defaultTenant, newCamera({ url: "rtsp://u:p@192.0.2.7/1" }))
          expect(yield* store.takeEpoch(id)).toBe(1)
          expect(yield* store.takeEpoch(id)).toBe(2)
          yield* store.remove(defaultTenant, id)
          for (const gone of [
            store.get(defaultTenant, id),
            store.secrets(id),
            store.takeEpoch(id),
            store.remove(defaultTenant, id)
          ]) {
            expect(yield* Effect.flip<unknown, unknown, never>(gone)).toMatchObject({ _tag: "CameraNotFound" })
          }
          expect(yield* Effect.flip(store.get(defaultTenant, anyCameraId()))).toMatchObject({ _tag: "CameraNotFound" })
        })
      )

      it.effect("brings back what was removed, under its id and with revisions that go on, once", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const { createdAt, updatedAt, ...camera } = yield* store.create(defaultTenant, newCamera({ tags: ["a"] }))
          const epoch = yield* store.takeEpoch(camera.id)
          const back = { id: camera.id, revision: 3 }
          const restore = store.restore(defaultTenant, back, newCamera({ tags: ["a"] }))
          expect(yield* Effect.flip(restore)).toMatchObject({ _tag: "RevisionConflict" })
          yield* store.remove(defaultTenant, camera.id)
          const tries = yield* Effect.all([Effect.either(restore), Effect.either(restore)], { concurrency: 2 })
          expect(tries.map(({ _tag }) => _tag).sort()).toEqual(["Left", "Right"])
          expect(yield* store.get(defaultTenant, camera.id)).toMatchObject({ ...camera, revision: 3 })
          expect(yield* store.takeEpoch(camera.id)).toBeGreaterThan(epoch)
        })
      )

      it.effect("tells nodes all cameras in outline, and some of them in full, of every tenant", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const ours = yield* store.create(defaultTenant, newCamera())
          const theirs = yield* store.create(otherTenant, newCamera({ enabled: false }))
          const outlines = new Map((yield* store.outlines).map((outline) => [outline.id, outline]))
          expect(outlines.get(ours.id)).toMatchObject({ tenantId: defaultTenant, revision: 1, enabled: true })
          expect(outlines.get(theirs.id)).toMatchObject({ tenantId: otherTenant, revision: 1, enabled: false })
          const some = yield* store.some([theirs.id, anyCameraId(), ours.id])
          expect(new Map(some.map((camera) => [camera.id, camera]))).toEqual(
            new Map([ours, theirs].map((camera) => [camera.id, camera]))
          )
          expect(yield* store.some([])).toEqual([])
          yield* store.remove(otherTenant, theirs.id)
          expect((yield* store.outlines).some(({ id }) => id === theirs.id)).toBe(false)
        })
      )

      it.effect("never gives an epoch twice", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const { id } = yield* store.create(defaultTenant, newCamera())
          const epochs = yield* Effect.replicateEffect(store.takeEpoch(id), 20, { concurrency: "unbounded" })
          expect([...epochs].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
        })
      )

      it.scoped("tells of changes", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const { id } = yield* store.create(defaultTenant, newCamera())
          for (const change of [
            Effect.asVoid(store.create(defaultTenant, newCamera())),
            Effect.asVoid(store.update(defaultTenant, id, { name: "Changed" })),
            store.remove(defaultTenant, id)
          ]) {
            const listening = yield* Deferred.make<void>()
            const told = yield* store.changes.pipe(
              Stream.onStart(Effect.asVoid(Deferred.succeed(listening, undefined))),
              // Hints of changes before may still be on their way.
              Stream.debounce("100 millis"),
              Stream.take(1),
              Stream.runDrain,
              Effect.fork
            )
            yield* Deferred.await(listening)
            yield* Effect.sleep("50 millis")
            yield* change
            yield* Fiber.join(told).pipe(Effect.timeout("60 seconds"))
          }
        })
      )

      it.effect("adds many, or none of them", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const before = (yield* store.list(defaultTenant)).length
          const wanted = Array.from({ length: 250 }, (_, i) =>
            newCamera({ name: `Many ${i}`, url: `rtsp://u:p${i}@192.0.2.7/${i}`, tags: ["many"] })
          )
          const created = yield* store.createMany(defaultTenant, wanted)
          expect(created.map(({ name: given }) => given)).toEqual(wanted.map(({ name: given }) => given))
          const last = created[249]
          if (last === undefined) return expect.fail("nothing was added")
          expect(yield* store.get(defaultTenant, last.id)).toEqual(last)
          expect(Redacted.value((yield* Effect.flatten(credentialsOf(last.id))).password)).toBe("p249")
          const refused = yield* Effect.flip(store.createMany(defaultTenant, [newCamera(), newCamera({ url: "nonsense" })]))
          expect(refused).toMatchObject({ _tag: "SourceError" })
          expect(yield* store.createMany(defaultTenant, [])).toEqual([])
          expect((yield* store.list(defaultTenant)).length).toBe(before + 250)
        })
      )

      it.effect("answers pages that hold each camera once, in order, both ways", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          for (const camera of yield* store.list(defaultTenant)) yield* store.remove(defaultTenant, camera.id)
          yield* store.create(otherTenant, newCamera({ name: "gate" }))
          const names = ["gate", "Gate", "yard", "ärger", "Zoo", "gate 10", "gate 2"]
          yield* store.createMany(
            defaultTenant,
            names.map((given) => newCamera({ name: given }))
          )
          const walk = (sort: CameraQuery["sort"], descending: boolean) =>
            Effect.gen(function* () {
              const seen: Array<string> = []
              let cursor: string | undefined
              do {
                const page = yield* store.page(defaultTenant, query({ sort, descending, limit: 2, cursor }))
                expect(page.cameras.length).toBeLessThanOrEqual(2)
                seen.push(...page.cameras.map(({ id }) => id))
                cursor = page.nextCursor
              } while (cursor !== undefined)
              return seen
            })
          for (const sort of ["name", "created", "updated"] as const) {
            const up = yield* walk(sort, false)
            expect(new Set(up).size, sort).toBe(names.length)
            expect(yield* walk(sort, true), sort).toEqual([...up].reverse())
          }
          const sorted = (yield* store.page(defaultTenant, query({}))).cameras.map(({ name: given }) => given.toLowerCase())
          expect(sorted).toEqual(["gate", "gate", "gate 10", "gate 2", "yard", "zoo", "ärger"])

          const { nextCursor: cursor } = yield* store.page(defaultTenant, query({ limit: 2, cursor: undefined }))
          expect((yield* store.page(defaultTenant, query({ limit: 5, count: true, cursor }))).cameras).toHaveLength(5)
          for (const other of [{ sort: "created" as const }, { descending: true }, { search: "gate" }, { enabled: true }]) {
            expect(yield* Effect.flip(store.page(defaultTenant, query({ ...other, cursor })))).toMatchObject({
              _tag: "CursorRefused"
            })
          }
        })
      )

      it.effect("answers pages of the cameras that are asked for", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          for (const camera of yield* store.list(defaultTenant)) yield* store.remove(defaultTenant, camera.id)
          yield* store.create(defaultTenant, newCamera({ name: "100% Dock", url: "rtsp://dock.example/1", tags: ["outside"] }))
          yield* store.create(defaultTenant, newCamera({ name: "Yard", enabled: false, tags: ["outside", "night"] }))
          const hall = yield* store.create(defaultTenant, newCamera({ name: "Hall_1", groups: ["Reception"] }))
          const found = (given: Partial<CameraQuery>, among?: ReadonlyArray<CameraId>) =>
            Effect.map(store.page(defaultTenant, query(given), among), ({ cameras }) => cameras.map((camera) => camera.name))
          expect(yield* found({ tag: "outside" })).toEqual(["100% Dock", "Yard"])
          expect(yield* found({ tag: "out" })).toEqual([])
          expect(yield* found({ group: "Reception" })).toEqual(["Hall_1"])
          expect(yield* found({ enabled: false })).toEqual(["Yard"])
          expect(yield* found({ search: "DOCK.example" })).toEqual(["100% Dock"])
          expect(yield* found({ search: "0%" })).toEqual(["100% Dock"])
          expect(yield* found({ search: "_" })).toEqual(["Hall_1"])
          expect(yield* found({ search: "\\" })).toEqual([])
          expect(yield* found({ search: "RECEPT" })).toEqual(["Hall_1"])
          expect(yield* found({ search: "nigh" })).toEqual(["Yard"])
          expect(yield* found({ scheme: "rtsp", placed: false })).toEqual(["100% Dock", "Hall_1", "Yard"])
          expect(yield* found({ scheme: "rtsps" })).toEqual([])
          expect(yield* found({ placed: true })).toEqual([])
          expect(yield* found({ name: "yard" })).toEqual(["Yard"])
          expect(yield* found({ edge: EdgeId.make(crypto.randomUUID()) })).toEqual([])
          expect(yield* found({ placeId: PlaceId.make(crypto.randomUUID()) })).toEqual([])
          expect(yield* found({ tag: "outside", enabled: true })).toEqual(["100% Dock"])
          expect(yield* found({}, [hall.id, anyCameraId()])).toEqual(["Hall_1"])
          expect(yield* found({}, [])).toEqual([])

          const page = (given: Partial<CameraQuery>, among?: ReadonlyArray<CameraId>) =>
            store.page(defaultTenant, query({ limit: 1, count: true, ...given }), among)
          const first = yield* page({})
          expect(first).toMatchObject({ cameras: [{ name: "100% Dock" }], total: 3 })
          expect(yield* page({ cursor: first.nextCursor })).toMatchObject({ cameras: [{ name: "Hall_1" }], total: 3 })
          expect(yield* page({ tag: "outside" })).toMatchObject({ total: 2 })
          expect(yield* page({}, [hall.id])).toMatchObject({ total: 1 })
          expect(yield* page({ count: false })).not.toHaveProperty("total")
        })
      )

      it.effect("knows the tenant's cameras at addresses", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const url = "rtsp://192.0.2.99/stream"
          const first = yield* store.create(defaultTenant, newCamera({ url }))
          const second = yield* store.create(defaultTenant, newCamera({ url, name: "Twice" }))
          yield* store.create(otherTenant, newCamera({ url }))
          const found = yield* store.atAddresses(defaultTenant, [url, `${url}1`, "rtsp://192.0.2.99/"])
          expect(new Set(found.map((camera) => camera.id))).toEqual(new Set([first.id, second.id]))
          expect(found[0]?.url).toBe(url)
          expect(yield* store.atAddresses(defaultTenant, [])).toEqual([])
          const corner = (x: number, y: number) => ({ x, y })
          const masks = [new Zone({ name: "window", polygon: [corner(0, 0), corner(1, 0), corner(1, 1)] })]
          const masked = yield* store.create(defaultTenant, { ...newCamera({ url }), masks })
          expect(yield* store.maskedAt(defaultTenant, [url, `${url}1`])).toMatchObject([{ id: masked.id, url, masks }])
          expect(yield* store.maskedAt(otherTenant, [url])).toEqual([])
        })
      )

      it.effect("refuses a place that is not the tenant's", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const placeId = PlaceId.make(crypto.randomUUID())
          const { id } = yield* store.create(defaultTenant, newCamera())
          const refusal = { _tag: "PlaceNotFound", placeId }
          expect(yield* Effect.flip(store.create(defaultTenant, newCamera({ placeId })))).toMatchObject(refusal)
          expect(yield* Effect.flip(store.createMany(defaultTenant, [newCamera({ placeId })]))).toMatchObject(refusal)
          expect(yield* Effect.flip(store.update(defaultTenant, id, { placeId }))).toMatchObject(refusal)
        })
      )

      it.effect("lists by name", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          for (const camera of yield* store.list(defaultTenant)) yield* store.remove(defaultTenant, camera.id)
          for (const cameraName of ["b", "c", "a"]) yield* store.create(defaultTenant, newCamera({ name: cameraName }))
          expect((yield* store.list(defaultTenant)).map((camera) => camera.name)).toEqual(["a", "b", "c"])
          expect((yield* store.list(defaultTenant)).every((camera) => CameraId.make(camera.id) === camera.id)).toBe(true)
        })
      )
    })
  })
}
