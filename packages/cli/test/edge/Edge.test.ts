import { describe, expect, it } from "@effect/vitest"
import { hashToken, newToken } from "@vigil/api/auth/Token"
import { Database } from "@vigil/api/database/Database"
import { Zone } from "@vigil/core/geometry/Zone"
import { defaultTenant, TenantId } from "@vigil/core/Ids"
import { Erasure } from "@vigil/core/Erasure"
import { Event, EventEntry } from "@vigil/core/Event"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { AuditQuery } from "@vigil/core/AuditEntry"
import { CameraControl } from "@vigil/core/port/CameraControl"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EdgeBuffer } from "@vigil/core/port/EdgeBuffer"
import { EdgeStore } from "@vigil/core/port/EdgeStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { EdgeLink } from "@vigil/runtime/edge/EdgeLink"
import * as Edge from "@vigil/cli/Edge"
import { Chunk, Effect, Exit, Fiber, Option, Redacted, Schema, Stream } from "effect"
import { execFileSync } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { temporaryFolder, until } from "../Vigil.js"
import {
  addCamera,
  cut,
  happen,
  logOf,
  makeEdge,
  mend,
  messagesOf,
  startSurroundings,
  startEdge,
  statusOf,
  untilAssigned,
  untilDelivered,
  visit
} from "./EdgeSite.js"

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

/** A centre, the way to it, and an edge that runs. */
const site = (name: string) =>
  Effect.gen(function* () {
    const around = yield* startSurroundings(name)
    return { ...around, edge: yield* startEdge(around.folder, around.origin, around.token) }
  })

/** The luma of the brightest pixel of a JPEG picture. */
const brightest = (jpeg: Uint8Array): number =>
  execFileSync("ffmpeg", ["-v", "error", "-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", "-"], {
    input: jpeg,
    maxBuffer: 1e8
  }).reduce((most, value) => Math.max(most, value), 0)

const decodeReport = Schema.decodeUnknown(Erasure)

const reportIn = (answer: Response) =>
  Effect.flatMap(
    Effect.promise(() => answer.json()),
    decodeReport
  )

const cursorOf = (edge: {
  readonly ask: (work: Effect.Effect<unknown, unknown, EdgeBuffer>) => Effect.Effect<unknown, unknown>
}) => edge.ask(Effect.flatMap(EdgeBuffer, ({ undelivered }) => undelivered))

describe("an edge", () => {
  it.scopedLive(
    "delivers what happened while the link was cut: everything, once, in order, and changes of the configuration come afterwards",
    () =>
      Effect.gen(function* () {
        const { centre, edge, id, way } = yield* site("shop")
        const camera = yield* addCamera(centre, id, { enabled: true, credentials: { username: "admin", password: "first" } })
        yield* untilAssigned(edge, camera)
        const before = yield* happen(edge, camera, 20)
        yield* untilDelivered(centre, camera, before)
        yield* cut(way)
        const during = yield* happen(edge, camera, 350)
        yield* until(
          "the link is lost",
          Effect.sync(() => edge.states.at(-1)?._tag),
          (tag) => tag === "CutOff" || tag === "Connecting"
        )
        const changed = yield* centre.ask(
          Effect.flatMap(CameraStore, (store) =>
            store.update(defaultTenant, camera.id, {
              name: "Renamed",
              credentials: { username: "admin", password: Redacted.make("second") }
            })
          )
        )
        const away = yield* until(
          "the camera counts as unreachable",
          statusOf(centre, camera.id),
          (status) => status?.state._tag === "BackingOff"
        )
        expect(away?.node).toBe("edge:shop")
        expect(away?.state).toMatchObject({ failure: { reason: "unreachable" } })
        expect((yield* logOf(centre, camera.id)).length).toBe(20)
        yield* mend(way)
        const after = yield* happen(edge, camera, 20)
        const all = [...before, ...during, ...after]
        const delivered = yield* untilDelivered(centre, camera, all)
        expect(delivered.ids).toEqual(all)
        expect(delivered.sequences).toEqual(numbers(all.length))
        const published = yield* until(
          "the events are on the bus",
          messagesOf(centre, camera.id),
          ({ length }) => length >= all.length
        )
        expect(published).toEqual(all)
        yield* untilAssigned(edge, changed)
        const known = yield* edge.ask(Effect.flatMap(CameraStore, (store) => store.secrets(camera.id)))
        expect(Redacted.value(Option.getOrThrow(known.credentials).password)).toBe("second")
        expect(
          yield* until("nothing waits", cursorOf(edge), (waiting) => Array.isArray(waiting) && waiting.length === 0)
        ).toEqual([])

        // An erasure, while the edge has some of it on its disk and is away.
        yield* cut(way)
        const late = yield* happen(edge, camera, 10)
        const gone = [...before.slice(0, 5), ...late.slice(0, 3), ...late.slice(8)]
        const selection = { eventIds: gone }
        const asked = yield* visit(centre, "/privacy/erasures", "POST", { selection, reason: "Request 17" })
        const begun = yield* reportIn(asked)
        expect(begun).toMatchObject({ erased: { events: 5 }, finishedAt: null, edges: [{ name: "shop", state: "pending" }] })
        expect(begun.clearedAt).not.toBe(null)
        expect(begun.remains.join("\n")).toContain("pending: edge shop")
        const onDisk = edge.ask(Effect.flatMap(EventStore, (store) => store.after(camera.id, 0, 1000)))
        const kept = (entries: ReadonlyArray<EventEntry>) => entries.map(({ event }) => event.eventId)
        expect(kept(yield* onDisk)).toEqual([...all, ...late])
        yield* mend(way)
        const done = yield* until(
          "the edge has erased it too",
          Effect.flatMap(visit(centre, `/privacy/erasures/${begun.id}`), reportIn),
          ({ finishedAt }) => finishedAt !== null
        )
        expect(done).toMatchObject({ edges: [{ name: "shop", state: "erased", events: gone.length }] })
        expect(done.remains.join("\n")).not.toContain("edge shop")
        const last = yield* happen(edge, camera, 5)
        const left = [...all, ...late].filter((id) => !gone.includes(id))
        const log = yield* untilDelivered(centre, camera, [...left, ...last])
        expect(log.ids).toEqual([...left, ...last])
        expect(kept(yield* onDisk)).toEqual([...left, ...last])
        expect((yield* messagesOf(edge, camera.id)).filter((id) => gone.includes(id))).toEqual([])
        expect((yield* messagesOf(centre, camera.id)).filter((id) => gone.includes(id))).toEqual([])
      }),
    400_000
  )

  it.scopedLive(
    "doubles nothing whose acknowledgement was lost, over restarts of the edge and of the centre",
    () =>
      Effect.gen(function* () {
        const { centre, edge, folder, id, origin, token, way } = yield* site("shop")
        const camera = yield* addCamera(centre, id)
        yield* untilAssigned(edge, camera)
        // Two actors' events in one batch, stored at the centre, and the edge does not hear of it.
        yield* Effect.sync(() => way.setFaults({ halfOpen: true }))
        const first = [...(yield* happen(edge, camera, 30)), ...(yield* happen(edge, camera, 30))]
        yield* until("some are stored", logOf(centre, camera.id), ({ length }) => length > 0)
        yield* edge.stop
        yield* mend(way)
        yield* centre.stop
        const again = yield* startEdge(folder, origin, token)
        const second = yield* happen(again, camera, 250)
        yield* centre.start
        const all = [...first, ...second]
        const delivered = yield* untilDelivered(centre, camera, all)
        expect(delivered.ids).toEqual(all)
        expect(delivered.sequences).toEqual(numbers(all.length))
        // The centre ends while the edge catches up.
        const third = yield* happen(again, camera, 400)
        yield* centre.stop
        const fourth = yield* happen(again, camera, 50)
        yield* centre.start
        const whole = [...all, ...third, ...fourth]
        const finally_ = yield* untilDelivered(centre, camera, whole)
        expect(finally_.ids).toEqual(whole)
        expect(finally_.sequences).toEqual(numbers(whole.length))
      }),
    400_000
  )

  it.scopedLive(
    "begins above what the centre knows where its folder is new, and numbers anew what the centre cannot follow",
    () =>
      Effect.gen(function* () {
        const { centre, edge, id, origin, token, way } = yield* site("shop")
        const camera = yield* addCamera(centre, id)
        yield* untilAssigned(edge, camera)
        const first = yield* happen(edge, camera, 10)
        const { log } = yield* untilDelivered(centre, camera, first)
        yield* edge.stop
        const fresh = yield* startEdge(yield* temporaryFolder, origin, token)
        yield* untilAssigned(fresh, camera)
        const second = yield* happen(fresh, camera, 10)
        const delivered = yield* untilDelivered(centre, camera, [...first, ...second])
        expect(delivered.ids).toEqual([...first, ...second])
        expect(delivered.sequences).toEqual(numbers(20))
        expect(Math.min(...delivered.log.slice(10).map(({ epoch }) => epoch))).toBeGreaterThan(
          Math.max(...log.map(({ epoch }) => epoch))
        )
        // The camera goes to the centre while the edge still holds events of it, sees things there, and comes back.
        yield* cut(way)
        const held = yield* happen(fresh, camera, 15)
        yield* centre.ask(Effect.flatMap(CameraStore, (store) => store.update(defaultTenant, camera.id, { edge: null })))
        const central = yield* happen(centre, camera, 5)
        const back = yield* centre.ask(
          Effect.flatMap(CameraStore, (store) => store.update(defaultTenant, camera.id, { edge: id }))
        )
        yield* mend(way)
        yield* untilAssigned(fresh, back)
        const all = [...first, ...second, ...central, ...held]
        const merged = yield* untilDelivered(centre, camera, all)
        expect(merged.ids).toEqual(all)
        expect(merged.sequences).toEqual(numbers(40))
        const later = yield* happen(fresh, back, 5)
        expect((yield* untilDelivered(centre, camera, [...all, ...later])).ids).toEqual([...all, ...later])
      }),
    400_000
  )

  it.scopedLive(
    "streams on without the centre after a restart, with passwords that its disk does not tell, and obeys over the link",
    () =>
      Effect.gen(function* () {
        const { centre, edge, folder, id, origin, token, way } = yield* site("shop")
        const { video } = yield* sceneFile(street)
        const { urls } = yield* startCameras({ files: [video] })
        const camera = yield* addCamera(centre, id, {
          url: urls[0] ?? "",
          enabled: true,
          credentials: { username: "admin", password: "no-disk-tells-this" }
        })
        const streams = (of: typeof edge) =>
          until("the camera streams", of.ask(Effect.flatMap(CameraControl, ({ statuses }) => statuses)), (all) =>
            all.some(({ cameraId, state }) => cameraId === camera.id && state._tag === "Streaming")
          )
        yield* streams(edge)
        const told = yield* until(
          "the centre hears of it",
          statusOf(centre, camera.id),
          (status) => status?.state._tag === "Streaming"
        )
        expect(told?.node).toBe("edge:shop")
        const listed = visit(centre, "/cameras/runtime").pipe(Effect.flatMap((answer) => Effect.promise(() => answer.text())))
        yield* until("the runtime table tells of it", listed, (text) => text.includes('"pod_name":"edge:shop"'))
        const picture = yield* until(
          "there is a picture",
          visit(centre, `/cameras/${camera.id}/snapshot`),
          ({ status }) => status === 200
        )
        const jpeg = new Uint8Array(yield* Effect.promise(() => picture.arrayBuffer()))
        expect([...jpeg.slice(0, 2)]).toEqual([0xff, 0xd8])
        expect(brightest(jpeg)).toBeGreaterThan(100)
        // A mask that is drawn at the centre is burnt at the edge: nothing of the picture comes over the link.
        const polygon = [0, 1].flatMap((y) => [
          { x: y, y },
          { x: 1 - y, y }
        ])
        const masks = [new Zone({ name: "everything", polygon })]
        yield* centre.ask(Effect.flatMap(CameraStore, (store) => store.update(defaultTenant, camera.id, { masks })))
        const snapshot = Effect.gen(function* () {
          const answer = yield* visit(centre, `/cameras/${camera.id}/snapshot`)
          const bytes = new Uint8Array(yield* Effect.promise(() => answer.arrayBuffer()))
          return answer.status === 200 ? brightest(bytes) : undefined
        })
        expect(yield* until("its picture is black", snapshot, (most) => most !== undefined && most < 10)).toBeLessThan(10)
        const restarted = yield* visit(centre, `/cameras/${camera.id}/restart`, "POST")
        expect(yield* Effect.promise(() => restarted.json())).toMatchObject({ node: "edge:shop", cameraId: camera.id })
        yield* cut(way)
        yield* edge.stop
        const alone = yield* startEdge(folder, origin, token)
        yield* streams(alone)
        expect(alone.states.some(({ _tag }) => _tag === "Connected")).toBe(false)
        yield* happen(alone, { ...camera }, 3)
        yield* alone.stop
        const files = yield* Effect.promise(() => readdir(folder, { recursive: true, withFileTypes: true }))
        for (const file of files.filter((each) => each.isFile())) {
          const bytes = yield* Effect.promise(() => readFile(join(file.parentPath, file.name)))
          expect(bytes.includes("no-disk-tells-this"), file.name).toBe(false)
        }
      }),
    400_000
  )

  it.scopedLive(
    "is cut off at once when its token is renewed or revoked, and its folder serves no other edge",
    () =>
      Effect.gen(function* () {
        const { centre, edge, folder, id, origin, token } = yield* site("shop")
        const camera = yield* addCamera(centre, id, { enabled: true })
        yield* untilAssigned(edge, camera)
        const renewed = newToken()
        yield* centre.ask(Effect.flatMap(EdgeStore, (store) => store.renew(defaultTenant, id, hashToken(renewed))))
        const last = () => edge.states.at(-1)
        const isRefused = Effect.sync(() =>
          edge.states.some((state) => state._tag === "CutOff" && state.reason === "unauthorized")
        )
        yield* until("the old token is refused", isRefused, (refused) => refused)
        expect(last()?._tag).not.toBe("Connected")
        yield* edge.stop
        const again = yield* startEdge(folder, origin, renewed)
        yield* until(
          "the new token counts",
          Effect.sync(() => again.states.at(-1)?._tag),
          (tag) => tag === "Connected"
        )
        yield* centre.ask(Effect.flatMap(EdgeStore, (store) => store.remove(defaultTenant, id)))
        yield* until(
          "the revoked edge is refused",
          Effect.sync(() => again.states.at(-1)),
          (state) => state?._tag === "CutOff" && state.reason === "unauthorized"
        )
        const status = yield* until(
          "the camera is nobody's",
          statusOf(centre, camera.id),
          (found) => found?.node === "edge:revoked"
        )
        expect(status?.state).toMatchObject({ failure: { detail: expect.stringContaining("revoked") } })
        yield* again.stop
        const other = yield* makeEdge(centre, "other")
        const wrong = yield* startEdge(folder, origin, other.token)
        const exit = yield* Fiber.await(wrong.ended).pipe(Effect.timeout("2 minutes"))
        expect(Exit.isFailure(exit) && String(exit.cause)).toContain("another data folder")
        expect(token).not.toBe(renewed)
      }),
    400_000
  )

  it.scopedLive(
    "never gets, and never writes, what is another edge's or another tenant's",
    () =>
      Effect.gen(function* () {
        const otherTenant = TenantId.make("00000000-0000-4000-8000-000000000002")
        const { centre, edge, id, origin, token } = yield* site("shop")
        yield* centre.ask(
          Effect.flatMap(Database, (database) =>
            database.system("add tenant", (sql) => sql`insert into tenants (id, name) values (${otherTenant}, 'second')`)
          )
        )
        const theirs = yield* makeEdge(centre, "theirs", otherTenant)
        const ours = yield* makeEdge(centre, "ours")
        // Whose edge it is, is told when the camera is given to it.
        const refusal = yield* Effect.flip(addCamera(centre, theirs.id))
        expect(refusal).toMatchObject({ _tag: "EdgeNotFound" })
        const mine = yield* addCamera(centre, id)
        const sisters = yield* addCamera(centre, ours.id)
        const foreign = yield* centre.ask(
          Effect.flatMap(CameraStore, (store) =>
            store.create(otherTenant, { ...mine, name: "Theirs", edge: theirs.id, url: "rtsp://192.0.2.9/1" })
          )
        )
        yield* untilAssigned(edge, mine)
        expect((yield* edge.ask(Effect.flatMap(CameraStore, ({ all }) => all))).map((camera) => camera.id)).toEqual([mine.id])
        yield* untilDelivered(centre, mine, yield* happen(edge, mine, 1))
        yield* edge.stop
        const calls = yield* Effect.flatMap(EdgeLink, ({ connect }) => connect).pipe(
          Effect.provide(Edge.layerLink({ origin, ca: undefined, token: Effect.succeed(Redacted.make(token)) }))
        )
        const [assignment] = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(calls.Assigned(), 1)))
        expect(assignment?.cameras.map(({ camera }) => camera.id)).toEqual([mine.id])
        const [entry] = yield* logOf(centre, mine.id)
        if (entry === undefined) throw new Error("nothing was written")
        const as = ({ id: cameraId, tenantId: customerId }: typeof mine) =>
          EventEntry.make({ ...entry, event: Event.make({ ...entry.event, cameraId, customerId }) })
        for (const camera of [sisters, foreign]) {
          const refused = yield* Effect.flip(calls.Deliver({ cameraId: camera.id, entries: [as(camera)] }))
          expect(refused).toMatchObject({ _tag: "EdgeRefused" })
          expect(yield* logOf(centre, camera.id)).toEqual([])
        }
        const smuggled = yield* Effect.flip(calls.Deliver({ cameraId: mine.id, entries: [as(foreign)] }))
        expect(smuggled).toMatchObject({ _tag: "EdgeRefused" })
        const { entries } = yield* centre.ask(
          Effect.flatMap(AuditStore, (audit) =>
            audit.query(defaultTenant, Schema.decodeSync(AuditQuery)({ action: "edge.refused" }))
          )
        )
        expect(new Set(entries.map(({ after }) => after?.["cameraId"]))).toEqual(new Set([sisters.id, foreign.id, mine.id]))
        const { stored } = yield* centre.ask(Effect.flatMap(EventStore, (store) => store.progress(foreign.id)))
        expect(stored).toBe(0)
      }),
    400_000
  )
})
