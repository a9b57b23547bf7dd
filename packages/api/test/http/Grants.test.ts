import { describe, expect, layer } from "@effect/vitest"
import { eventStored } from "@vigil/core/BusMessage"
import type { Camera } from "@vigil/core/Camera"
import type { Grants } from "@vigil/core/Grants"
import { type CameraId, defaultTenant } from "@vigil/core/Ids"
import { Bus } from "@vigil/core/port/Bus"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EventStore } from "@vigil/core/port/EventStore"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import type { Role } from "@vigil/core/User"
import { Effect, Fiber, PubSub, Schedule, Stream } from "effect"
import { entry, newCamera, otherTenant, secondTenant } from "../Samples.js"
import { FakeRuntime, statusOf } from "./FakePorts.js"
import { rpcClient, rpcClientWith } from "./RpcVisitor.js"
import { layerTestServer, password, TestServer, type Visit } from "./TestServer.js"

const word = () => crypto.randomUUID().slice(0, 8)

interface WithId {
  readonly id: string
}

/** A user of a role who is limited, signed in. */
const limited = (role: Role, grants: Partial<Grants>) =>
  Effect.gen(function* () {
    const { cookies, signIn, visit } = yield* TestServer
    const username = `user-${word()}`
    const made = yield* visit({
      method: "POST",
      path: "/api/v1/users",
      cookie: cookies.admin,
      body: { username, role, password }
    })
    const { id } = made.json as WithId
    const grant = (given: Partial<Grants>) =>
      visit({
        method: "PUT",
        path: `/api/v1/users/${id}/grants`,
        cookie: cookies.admin,
        body: { places: [], groups: [], ...given }
      })
    yield* grant(grants)
    const cookie = yield* signIn(username)
    const ask = (asked: Visit) => visit({ cookie, ...asked })
    return { id, username, cookie, grant, ask }
  })

/** A camera in a group of its own, and one of everybody's, with an event each; both run. */
const grounds = Effect.gen(function* () {
  const { create } = yield* CameraStore
  const { running } = yield* FakeRuntime
  const group = word()
  const site = yield* (yield* PlaceStore).create(defaultTenant, { kind: "site", name: word(), parentId: null })
  const add = (overrides: Parameters<typeof newCamera>[0]) =>
    Effect.gen(function* () {
      const camera = yield* create(defaultTenant, newCamera({ name: word(), ...overrides }))
      running.add(camera.id)
      const happened = entry(camera.id, 1)
      yield* (yield* EventStore).append(camera.id, [happened])
      return { camera, event: happened }
    })
  return { group, site, open: yield* add({ groups: [group] }), closed: yield* add({ placeId: site.id }) }
})

/** Collects what a stream brings in a list that can be looked at while it runs. */
const listen = <A, E>(stream: Stream.Stream<A, E>) =>
  Effect.gen(function* () {
    const heard: Array<A> = []
    const fiber = yield* Effect.fork(Stream.runForEach(stream, (each) => Effect.sync(() => heard.push(each))))
    return { heard, fiber }
  })

const eventually = (what: string, holds: () => boolean) =>
  Effect.suspend(() => (holds() ? Effect.void : Effect.fail(`not yet: ${what}`))).pipe(
    Effect.retry(Schedule.spaced("20 millis")),
    Effect.timeoutFail({ duration: "60 seconds", onTimeout: () => new Error(`it never came: ${what}`) })
  )

const keepTelling = (...ids: ReadonlyArray<CameraId>) =>
  Effect.flatMap(FakeRuntime, ({ statuses }) =>
    Effect.fork(
      Effect.repeat(
        PubSub.publishAll(
          statuses,
          ids.map((id) => statusOf(id, 9))
        ),
        Schedule.spaced("20 millis")
      )
    )
  )

describe("grants over HTTP and RPC", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.effect("hide cameras, with all that is told of them", () =>
      Effect.gen(function* () {
        const { closed, group, open } = yield* grounds
        const { ask } = yield* limited("operator", { groups: [group] })
        const json = (path: string) => Effect.map(ask({ path }), (answer) => answer.json)

        expect(yield* json("/api/v1/cameras")).toMatchObject({ cameras: [{ id: open.camera.id }] })
        expect(yield* json("/api/v1/cameras/status")).toMatchObject([{ cameraId: open.camera.id }])
        expect(yield* json("/api/v1/events")).toMatchObject({ events: [{ event: { eventId: open.event.event.eventId } }] })
        expect(yield* json("/api/v1/cameras/runtime")).toMatchObject({ data: [{ id: open.camera.id }] })
        const calls = (camera: string, event: string): ReadonlyArray<Visit> => [
          { path: `/api/v1/cameras/${camera}` },
          { path: `/api/v1/cameras/${camera}/status` },
          { path: `/api/v1/cameras/${camera}/snapshot` },
          { method: "POST", path: `/api/v1/cameras/${camera}/restart` },
          {
            method: "POST",
            path: `/api/v1/cameras/${camera}/whep`,
            body: "v=0\r\n",
            headers: { "content-type": "application/sdp" }
          },
          { method: "POST", path: `/api/v1/cameras/${camera}/heartbeat`, body: { status: "running", health_info: {} } },
          { path: `/api/v1/events/${event}` },
          { method: "PATCH", path: `/api/v1/events/${event}`, body: { status: "RESOLVED" } }
        ]
        for (const call of calls(closed.camera.id, closed.event.event.eventId)) {
          const { status, text } = yield* ask(call)
          expect(`${call.method ?? "GET"} ${call.path} ${status}`).toBe(`${call.method ?? "GET"} ${call.path} 404`)
          expect(text).not.toContain(closed.camera.name)
        }
        for (const call of calls(open.camera.id, open.event.event.eventId)) {
          expect((yield* ask(call)).status, call.path).toBeLessThan(300)
        }
      })
    )

    it.effect("hold for changes, bulk, export, import, history and places", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { closed, group, open, site } = yield* grounds
        const { ask } = yield* limited("supervisor", { groups: [group] })
        const [ours, theirs] = [open.camera.id, closed.camera.id]
        const change = (id: string, body: unknown) =>
          ask({ method: "PATCH", path: `/api/v1/cameras/${id}`, body, headers: { "if-match": "*" } })

        expect((yield* change(theirs, { name: "Mine" })).status).toBe(404)
        expect((yield* change(ours, { name: "Mine" })).status).toBe(200)
        const lost = yield* change(ours, { groups: [] })
        expect(lost).toMatchObject({ status: 403, json: { type: "urn:vigil:problem:forbidden" } })
        expect(lost.text).toContain("a camera outside of your places and groups needs the role admin; yours is supervisor")
        expect((yield* change(ours, { placeId: site.id })).status).toBe(404)
        const add = (body: unknown) => ask({ method: "POST", path: "/api/v1/cameras", body })
        expect((yield* add({ name: "New", url: "rtsp://192.0.2.1/" })).status).toBe(403)
        expect((yield* add({ name: "New", url: "rtsp://192.0.2.1/", placeId: site.id })).status).toBe(404)
        expect((yield* add({ name: "New", url: "rtsp://192.0.2.1/", groups: [group] })).status).toBe(201)

        const bulk = yield* ask({
          method: "POST",
          path: "/api/v1/cameras/bulk",
          body: { ids: [ours, theirs], change: { action: "disable" } }
        })
        expect(bulk.json).toMatchObject({
          results: [
            { id: ours, done: true },
            { id: theirs, done: false, problem: { type: "urn:vigil:problem:camera-not-found" } }
          ]
        })
        // Those of a group that stay in it, and one that would not: only that one is refused.
        const { ask: askMover } = yield* limited("supervisor", { groups: [group], places: [site.id] })
        const moved = yield* askMover({
          method: "POST",
          path: "/api/v1/cameras/bulk",
          body: { ids: [ours, theirs], change: { action: "move", placeId: null } }
        })
        expect(moved.json).toMatchObject({
          results: [
            { id: ours, done: true },
            { id: theirs, done: false, problem: { type: "urn:vigil:problem:forbidden" } }
          ]
        })
        const sheet = (yield* ask({ path: "/api/v1/cameras/export.csv" })).text
        expect(sheet).toContain("Mine")
        expect(sheet).not.toContain(closed.camera.name)
        const load = (text: string) =>
          ask({
            method: "POST",
            path: "/api/v1/cameras/import",
            body: new TextEncoder().encode(text),
            headers: { "content-type": "application/octet-stream" }
          })
        expect((yield* load(`name,url\nX,rtsp://192.0.2.9/\n`)).status).toBe(403)
        expect((yield* load(`name,url,place\nX,rtsp://192.0.2.9/,${site.name}\n`)).json).toMatchObject({ added: 0 })
        expect((yield* load(`name,url,groups\nX,rtsp://192.0.2.9/,${group}\n`)).json).toMatchObject({ added: 1 })

        expect((yield* ask({ path: `/api/v1/history/camera/${theirs}` })).status).toBe(404)
        expect((yield* ask({ path: `/api/v1/history/camera/${ours}` })).status).toBe(200)
        expect((yield* ask({ path: `/api/v1/history/place/${site.id}` })).status).toBe(404)
        expect((yield* ask({ path: "/api/v1/removed/camera" })).json).toEqual([])
        expect((yield* ask({ path: "/api/v1/places" })).json).toEqual([])
        expect((yield* ask({ path: `/api/v1/places/${site.id}` })).status).toBe(404)
        const place = { kind: "site", name: word() }
        expect((yield* ask({ method: "POST", path: "/api/v1/places", body: place })).status).toBe(403)
        expect((yield* visit({ path: `/api/v1/cameras/${theirs}`, cookie: cookies.admin })).json).toMatchObject({ enabled: true })
        expect((yield* ask({ method: "DELETE", path: `/api/v1/cameras/${theirs}`, headers: { "if-match": "*" } })).status).toBe(
          404
        )
      })
    )

    it.scoped("hold for RPC, and for API keys of their user", () =>
      Effect.gen(function* () {
        const { closed, group, open } = yield* grounds
        const { ask, cookie, grant } = yield* limited("operator", { groups: [group] })
        const made = yield* ask({ method: "POST", path: "/api/v1/api-keys", body: { name: "program", scopes: ["read"] } })
        const { key } = made.json as { readonly key: string }
        const people = yield* rpcClient(cookie)
        const program = yield* rpcClientWith({ authorization: `Bearer ${key}` })
        for (const rpc of [people, program]) {
          expect((yield* rpc.ListCameras()).map(({ id }) => id)).toEqual([open.camera.id])
          expect((yield* rpc.ListCameraRuntimes()).map(({ id }) => id)).toEqual([open.camera.id])
          expect((yield* rpc.CameraStatus({ id: open.camera.id })).cameraId).toBe(open.camera.id)
          const { id } = closed.camera
          const { eventId } = closed.event.event
          const hidden = [
            rpc.GetCamera({ id }),
            rpc.CameraStatus({ id }),
            rpc.CameraStatistics({ id }),
            rpc.CameraSnapshot({ id }),
            rpc.GetEvent({ id: eventId }),
            Stream.runHead(rpc.WatchOverlays({ id }))
          ]
          for (const call of hidden) {
            expect(yield* Effect.flip<unknown, unknown, never>(call)).toMatchObject({
              _tag: expect.stringMatching(/^(Camera|Event)NotFound$/)
            })
          }
        }
        yield* grant({})
        expect((yield* program.GetCamera({ id: closed.camera.id })).id).toBe(closed.camera.id)
      })
    )

    it.scoped("change what open streams show, at once", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { closed, group, open } = yield* grounds
        const { update } = yield* CameraStore
        const foreign = yield* (yield* CameraStore).create(otherTenant, newCamera({ groups: [group] }))
        ;(yield* FakeRuntime).running.add(foreign.id)
        const bus = yield* Bus
        const { cookie, grant } = yield* limited("viewer", { groups: [group] })
        const rpc = yield* rpcClient(cookie)
        const cameras = yield* listen(rpc.WatchCameras())
        const events = yield* listen(rpc.WatchEvents({}))
        const overlays = yield* listen(rpc.WatchOverlays({ id: open.camera.id }))
        const ids = () => new Set(cameras.heard.map(({ cameraId }) => cameraId))
        const telling = yield* keepTelling(open.camera.id, closed.camera.id, foreign.id)

        const happens = ({ id }: Camera, sequence: number) => bus.publish(eventStored(entry(id, sequence)))
        yield* eventually("its own status", () => ids().has(open.camera.id))
        let sequence = 1
        const heardOf = (id: CameraId) => events.heard.some(({ entry: { event } }) => event.cameraId === id)
        const both = Effect.suspend(() => {
          sequence += 1
          return Effect.zipRight(happens(closed.camera, sequence), happens(open.camera, sequence))
        })
        yield* both.pipe(
          Effect.zipRight(Effect.suspend(() => (heardOf(open.camera.id) ? Effect.void : Effect.fail("not yet")))),
          Effect.retry(Schedule.spaced("20 millis")),
          Effect.timeout("60 seconds")
        )
        expect([...ids()]).toEqual([open.camera.id])
        expect(heardOf(closed.camera.id)).toBe(false)

        yield* update(defaultTenant, closed.camera.id, { groups: [group] })
        yield* eventually("the status of a camera that came into the group", () => ids().has(closed.camera.id))
        yield* happens(closed.camera, 1000)
        yield* eventually("an event of it", () => heardOf(closed.camera.id))

        yield* grant({ groups: ["another"] })
        const end = yield* Fiber.join(overlays.fiber).pipe(Effect.flip, Effect.timeout("60 seconds"))
        expect(end).toMatchObject({ _tag: "CameraNotFound", cameraId: open.camera.id })
        const fresh = yield* listen(rpc.WatchCameras())
        const [before, told] = [cameras.heard.length, events.heard.length]
        yield* happens(open.camera, 2000)
        yield* grant({})
        yield* eventually("all statuses again", () => new Set(fresh.heard.map(({ cameraId }) => cameraId)).has(closed.camera.id))
        yield* happens(open.camera, 3000)
        yield* eventually("events again", () => events.heard.length > told)
        expect(events.heard.slice(told).map(({ entry: each }) => each.sequence)).toEqual([3000])
        yield* eventually("statuses again", () => cameras.heard.length > before)
        expect(ids().has(foreign.id)).toBe(false)
        yield* Fiber.interrupt(telling)
        yield* Effect.forEach([cameras, events, fresh], ({ fiber }) => Fiber.interrupt(fiber), { discard: true })
      })
    )

    it.scoped("close the live views of cameras that are out of reach now, and no others", () =>
      Effect.gen(function* () {
        const { closed, group, open, site } = yield* grounds
        const { views } = yield* FakeRuntime
        const viewer = yield* limited("viewer", { groups: [group], places: [site.id] })
        const other = yield* limited("viewer", {})
        const view = ({ ask }: typeof viewer, { id }: Camera) =>
          Effect.map(
            ask({
              method: "POST",
              path: `/api/v1/cameras/${id}/whep`,
              body: "v=0\r\n",
              headers: { "content-type": "application/sdp" }
            }),
            ({ headers }) => headers.get("location")?.split("/").at(-1) ?? ""
          )
        const ofPlace = yield* view(viewer, closed.camera)
        const ofGroup = yield* view(viewer, open.camera)
        const ofOther = yield* view(other, closed.camera)
        expect([ofPlace, ofGroup, ofOther].every((id) => views.has(id))).toBe(true)
        yield* viewer.grant({ groups: [group] })
        yield* eventually("the end of the view", () => !views.has(ofPlace))
        yield* (yield* CameraStore).update(defaultTenant, open.camera.id, { groups: [] })
        yield* eventually("the end of the other view", () => !views.has(ofGroup))
        expect(views.has(ofOther)).toBe(true)
      })
    )

    it.effect("are changed as they were read, or not at all", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { id } = yield* limited("viewer", { groups: ["yard"] })
        const path = `/api/v1/users/${id}/grants`
        const set = (ifMatch: string | undefined, ...groups: ReadonlyArray<string>) =>
          visit({
            method: "PUT",
            path,
            cookie: cookies.admin,
            body: { places: [], groups },
            ...(ifMatch === undefined ? {} : { headers: { "if-match": ifMatch } })
          })
        const read = (yield* visit({ path, cookie: cookies.admin })).headers.get("etag") ?? ""
        expect((yield* set(read, "doors")).headers.get("etag")).toBe('"3"')
        expect(yield* set(read, "roof")).toMatchObject({ status: 412, json: { type: "urn:vigil:problem:revision-conflict" } })
        expect((yield* visit({ path, cookie: cookies.admin })).json).toMatchObject({ groups: ["doors"], revision: 3 })
        const [one, two] = yield* Effect.all([set('"3"', "one"), set('"3"', "two")], { concurrency: 2 })
        expect(new Set([one.status, two.status])).toEqual(new Set([200, 412]))
        expect((yield* set("*", "roof")).status).toBe(200)
        expect((yield* set(undefined)).json).toMatchObject({ groups: [], revision: 6 })
        expect((yield* set("3", "roof")).status).toBe(400)
      })
    )

    it.effect("are told and changed by administrators, and told to their user", () =>
      Effect.gen(function* () {
        const { cookies, visit } = yield* TestServer
        const { site } = yield* grounds
        const { ask, grant, id } = yield* limited("viewer", { places: [site.id], groups: ["yard"] })
        const kept = { places: [site.id], groups: ["yard"], limited: true, revision: 2 }
        expect((yield* visit({ path: `/api/v1/users/${id}/grants`, cookie: cookies.admin })).json).toEqual(kept)
        expect((yield* ask({ path: "/api/v1/session/grants" })).json).toEqual(kept)
        expect((yield* visit({ path: "/api/v1/session/grants", cookie: cookies.admin })).json).toEqual({
          places: [],
          groups: [],
          limited: false,
          revision: 1
        })
        expect((yield* ask({ path: `/api/v1/users/${id}/grants` })).status).toBe(403)
        expect((yield* ask({ method: "PUT", path: `/api/v1/users/${id}/grants`, body: { places: [], groups: [] } })).status).toBe(
          403
        )
        expect(yield* grant({ places: [crypto.randomUUID() as never] })).toMatchObject({
          status: 404,
          json: { type: "urn:vigil:problem:place-not-found" }
        })
        expect((yield* grant({ groups: [","] })).status).toBe(400)
        const nobody = `/api/v1/users/${crypto.randomUUID()}/grants`
        expect((yield* visit({ path: nobody, cookie: cookies.admin })).status).toBe(404)
        const body = { places: [], groups: [] }
        expect((yield* visit({ method: "PUT", path: nobody, cookie: cookies.admin, body })).status).toBe(404)
        expect(
          (yield* visit({
            method: "DELETE",
            path: `/api/v1/places/${site.id}`,
            cookie: cookies.admin,
            headers: { "if-match": "*" }
          })).json
        ).toMatchObject({
          status: 409,
          type: "urn:vigil:problem:place-in-use"
        })
      })
    )
  })
})
