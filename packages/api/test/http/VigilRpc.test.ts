import { describe, expect, layer } from "@effect/vitest"
import { LocalOperator } from "@vigil/api/auth/LocalOperator"
import { eventStored } from "@vigil/core/BusMessage"
import { defaultTenant, EventId } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Bus } from "@vigil/core/port/Bus"
import { EventStore } from "@vigil/core/port/EventStore"
import { Effect, Fiber, PubSub, Redacted, Schedule, Stream } from "effect"
import { WebSocket } from "ws"
import { anyCameraId, entry, newCamera, otherTenant, secondTenant } from "../Samples.js"
import { FakeRuntime, jpeg, statusOf } from "./FakePorts.js"
import { rpcClient } from "./RpcVisitor.js"
import { layerTestServer, TestServer } from "./TestServer.js"

/** Collects what a stream brings until there are `count`, from a moment when it is known to be subscribed. */
const collect = <A, E>(stream: Stream.Stream<A, E>, count: number) => Effect.fork(Stream.runCollect(Stream.take(stream, count)))

const within = <A, E>(fiber: Fiber.Fiber<A, E>) => Fiber.join(fiber).pipe(Effect.timeout("60 seconds"))

/** Offers what it is told again and again until it is interrupted: a subscriber that is still on its way gets it too. */
const keepTelling = <E>(tell: Effect.Effect<unknown, E>) => Effect.fork(Effect.repeat(tell, Schedule.spaced("50 millis")))

describe("VigilRpc over WebSocket", () => {
  layer(layerTestServer(), { excludeTestServices: true })((it) => {
    it.scoped("answers calls of a signed-in user", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const rpc = yield* rpcClient(cookies.supervisor)
        expect((yield* rpc.WhoAmI()).username).toBe("supervisor")
        const camera = yield* rpc.CreateCamera({ camera: newCamera({ url: "rtsp://a:b@192.0.2.1/" }) })
        expect(camera).toMatchObject({ url: "rtsp://192.0.2.1/", hasCredentials: true })
        expect(yield* rpc.GetCamera({ id: camera.id })).toEqual(camera)
        ;(yield* FakeRuntime).running.add(camera.id)
        expect(yield* rpc.CameraSnapshot({ id: camera.id })).toEqual(jpeg)
        expect((yield* rpc.RestartCamera({ id: camera.id })).cameraId).toBe(camera.id)
        const renamed = yield* rpc.ConfigureCamera({ id: camera.id, patch: { name: "Yard" }, expectedRevision: 1 })
        expect(renamed.name).toBe("Yard")
        expect(yield* Effect.flip(rpc.ConfigureCamera({ id: camera.id, patch: {}, expectedRevision: 1 }))).toMatchObject({
          _tag: "RevisionConflict"
        })
        expect(yield* Effect.flip(rpc.ProbeSource({ camera: newCamera(), seconds: 1 }))).toMatchObject({ _tag: "SourceError" })
        yield* rpc.DeleteCamera({ id: camera.id })
        expect(yield* Effect.flip(rpc.GetCamera({ id: camera.id }))).toMatchObject({ _tag: "CameraNotFound" })
        expect(yield* rpc.Health()).toHaveLength(2)
        expect((yield* rpc.ListModels()).map(({ descriptor }) => descriptor.id)).toEqual(["shipped", "demanding"])
        expect(yield* rpc.ListAnalytics()).toMatchObject([{ id: "counting" }])
      })
    )

    it.scoped("refuses what the role does not allow", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const store = yield* CameraStore
        const { id } = yield* store.create(defaultTenant, newCamera())
        const viewer = yield* rpcClient(cookies.viewer)
        const operator = yield* rpcClient(cookies.operator)
        const status = { id: EventId.make(crypto.randomUUID()), status: "RESOLVED" as const }
        const forbidden = [
          viewer.RestartCamera({ id }),
          viewer.SetEventStatus(status),
          viewer.DeleteCamera({ id }),
          operator.CreateCamera({ camera: newCamera() }),
          operator.ConfigureCamera({ id, patch: {} }),
          operator.DeleteCamera({ id }),
          operator.ProbeSource({ camera: newCamera(), seconds: 1 })
        ]
        for (const call of forbidden)
          expect(yield* Effect.flip<unknown, unknown, never>(call)).toMatchObject({ _tag: "Forbidden" })
        expect(yield* Effect.flip(operator.SetEventStatus(status))).toMatchObject({ _tag: "EventNotFound" })
        expect((yield* viewer.ListCameras()).length).toBeGreaterThan(0)
      })
    )

    it.scoped("shows cameras, statuses and events of the caller's tenant only", () =>
      Effect.gen(function* () {
        yield* secondTenant
        const { cookies } = yield* TestServer
        const { running, statuses } = yield* FakeRuntime
        const store = yield* CameraStore
        const ours = yield* store.create(defaultTenant, newCamera())
        const theirs = yield* store.create(otherTenant, newCamera())
        running.clear()
        running.add(ours.id).add(theirs.id)
        const rpc = yield* rpcClient(cookies.viewer)
        expect((yield* rpc.ListCameras()).some(({ id }) => id === theirs.id)).toBe(false)
        expect(yield* Effect.flip(rpc.CameraSnapshot({ id: theirs.id }))).toMatchObject({ _tag: "CameraNotFound" })

        const watched = yield* collect(
          Stream.changesWith(rpc.WatchCameras(), (a, b) => a.viewers === b.viewers),
          2
        )
        const telling = yield* keepTelling(PubSub.publishAll(statuses, [statusOf(theirs.id, 7), statusOf(ours.id, 3)]))
        const seen = [...(yield* within(watched))]
        yield* Fiber.interrupt(telling)
        expect(seen.map(({ cameraId, viewers }) => [cameraId, viewers])).toEqual([
          [ours.id, 0],
          [ours.id, 3]
        ])

        const bus = yield* Bus
        const mine = entry(ours.id, 1)
        const stored = [entry(theirs.id, 1, { customerId: otherTenant }), mine]
        const from = (yield* bus.last) + 1
        yield* Effect.forEach(stored, (each) => bus.publish(eventStored(each)))
        const replayed = [...(yield* within(yield* collect(rpc.WatchEvents({ from }), 1)))]
        expect(replayed.map(({ entry: told }) => told)).toEqual([mine])

        const live = yield* collect(rpc.WatchEvents({}), 1)
        const another = Effect.suspend(() => bus.publish(eventStored(entry(ours.id, 2))))
        const publishing = yield* keepTelling(Effect.suspend(() => Effect.zipRight(bus.publish(eventStored(mine)), another)))
        expect([...(yield* within(live))][0]?.entry.sequence).toBe(2)
        yield* Fiber.interrupt(publishing)
      })
    )

    it.scoped("tells whoever watches events of a status that somebody set", () =>
      Effect.gen(function* () {
        const { cookies } = yield* TestServer
        const written = entry(anyCameraId(), 1)
        yield* (yield* EventStore).append(written.event.cameraId, [written])
        const viewer = yield* rpcClient(cookies.viewer)
        const operator = yield* rpcClient(cookies.operator)
        const from = (yield* (yield* Bus).last) + 1
        yield* operator.SetEventStatus({ id: written.event.eventId, status: "ACKNOWLEDGED" })
        const [told] = [...(yield* within(yield* collect(viewer.WatchEvents({ from }), 1)))]
        expect(told?.entry).toEqual(yield* viewer.GetEvent({ id: written.event.eventId }))
        expect(told?.entry.event.status).toBe("ACKNOWLEDGED")
      })
    )

    it.scoped("closes the socket soon after its session was ended", () =>
      Effect.gen(function* () {
        const { signIn, url, visit } = yield* TestServer
        const cookie = yield* signIn("viewer")
        const closed = yield* Effect.acquireRelease(
          Effect.async<{ readonly socket: WebSocket; readonly closed: Promise<number> }>((resume) => {
            const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/rpc`, { headers: { cookie } })
            const done = new Promise<number>((end) => socket.once("close", end))
            socket.once("open", () => resume(Effect.succeed({ socket, closed: done })))
          }),
          ({ socket }) => Effect.sync(() => socket.terminate())
        )
        yield* visit({ method: "DELETE", path: "/api/v1/session", cookie })
        yield* Effect.promise(() => closed.closed).pipe(Effect.timeout("60 seconds"))
      })
    )

    it.scoped("knows the operator of this machine by the connection, and by no header of a message", () =>
      Effect.gen(function* () {
        const { cookies, url } = yield* TestServer
        const token = Redacted.value((yield* LocalOperator).token)
        const authorization = ["authorization", `Bearer ${token}`] as const
        const whoAmI = (upgrade: Record<string, string>, message: ReadonlyArray<readonly [string, string]>) =>
          Effect.async<string>((resume) => {
            const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/rpc`, { headers: upgrade })
            socket.on("message", (data: Buffer) => {
              socket.terminate()
              resume(Effect.succeed(data.toString()))
            })
            socket.on("open", () =>
              socket.send(`${JSON.stringify({ _tag: "Request", id: "1", tag: "WhoAmI", headers: message })}\n`)
            )
          }).pipe(Effect.timeout("60 seconds"))
        expect(yield* whoAmI(Object.fromEntries([authorization]), [])).toContain('"username":"operator","role":"admin"')
        expect(yield* whoAmI({ cookie: cookies.viewer }, [authorization])).toContain('"username":"viewer"')
        const claim = ["x-vigil-connection", `${token} operator 127.0.0.1`] as const
        for (const upgrade of [{ cookie: cookies.viewer }, { cookie: cookies.viewer, [claim[0]]: claim[1] }]) {
          expect(yield* whoAmI(upgrade, [claim])).toContain("does not come over a connection of this server")
        }
        expect(yield* whoAmI({ cookie: cookies.viewer, [claim[0]]: claim[1] }, [])).toContain('"username":"viewer"')
      })
    )

    it.scoped("keeps a connection when one of its messages is nonsense", () =>
      Effect.gen(function* () {
        const { cookies, url } = yield* TestServer
        const answers = yield* Effect.async<ReadonlyArray<string>>((resume) => {
          const got: Array<string> = []
          const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/rpc`, { headers: { cookie: cookies.viewer } })
          const call = (tag: string, id: string, payload: unknown) =>
            socket.send(`${JSON.stringify({ _tag: "Request", id, tag, payload, headers: [] })}\n`)
          socket.on("message", (data: Buffer) => {
            got.push(data.toString())
            if (got.length < 3) return
            socket.terminate()
            resume(Effect.succeed(got))
          })
          socket.on("open", () => {
            call("NoSuchCall", "1", {})
            call("GetCamera", "2", { id: "x" })
            call("WhoAmI", "3", undefined)
          })
        }).pipe(Effect.timeout("60 seconds"))
        expect(answers.join("")).toContain("viewer")
      })
    )
  })
})
