import { expect, type Vitest } from "@effect/vitest"
import type { Camera } from "@vigil/core/Camera"
import { NewCamera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { AnalyticId, CameraId, defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import type { Cameras } from "@vigil/fixtures/camera/Cameras"
import { Context, Effect, Schedule, Schema, type Scope } from "effect"
import type { Calls } from "./Clients.js"

/** Simulated cameras: `obliging` takes requests for a key frame, `plain` does not, as most cameras. */
export class Simulators extends Context.Tag("test/Simulators")<
  Simulators,
  { readonly obliging: Cameras; readonly plain: Cameras }
>() {}

/** How the suite calls: as the owner of its cameras, and where a transport can say so, as another tenant. */
export interface Transport<E, R> {
  readonly name: string
  readonly calls: Effect.Effect<Calls, E, R>
  readonly stranger?: Effect.Effect<Calls, E, R>
}

const missing = CameraId.make("00000000-0000-4000-8000-00000000dead")

const addCamera = (url: string) =>
  Effect.gen(function* () {
    const input = yield* Schema.decode(NewCamera)({ name: "Gate", url, analytics: [] })
    return yield* (yield* CameraStore).create(defaultTenant, input)
  })

const removeCamera = ({ id }: Camera) =>
  // swallowed: a camera that cannot be removed fails the test
  Effect.flatMap(CameraStore, (store) => Effect.orDie(store.remove(defaultTenant, id)))

/** A camera of the simulator that is removed with the scope. */
const camera = ({ urls: [url = ""] }: Cameras) => Effect.acquireRelease(addCamera(url), removeCamera)

/** Asks until the status is as it should be; a camera that has only just been added does not run yet. */
const statusWhen = (calls: Calls, id: CameraId, holds: (status: CameraStatus) => boolean) =>
  calls.CameraStatus({ id }).pipe(
    Effect.filterOrFail(holds, (status) => new Error(`it is ${status.state._tag} of revision ${status.revision}`)),
    Effect.retry({ schedule: Schedule.spaced("100 millis") }),
    Effect.timeoutFail({ duration: "1 minute", onTimeout: () => new Error("the status never was as it should be") })
  )

const isStreaming = ({ source, state }: CameraStatus) => state._tag === "Streaming" && source.keyframes > 0

/** What holds for control of cameras over every transport, and wherever the camera runs. */
export const cameraRpcConformance = <R, E>(
  it: Vitest.MethodsNonLive<R | CameraStore | Simulators, true>,
  { calls: connect, name, stranger }: Transport<E, R | CameraStore | Simulators | Scope.Scope>
) => {
  it.scoped(`${name}: tells status and statistics`, () =>
    Effect.gen(function* () {
      const calls = yield* connect
      const { id } = yield* camera((yield* Simulators).plain)
      const status = yield* statusWhen(calls, id, isStreaming)
      expect(status.description?.protocol).toBe("RTSP/TCP")
      const statistics = yield* calls.CameraStatistics({ id })
      expect(statistics.source.packets).toBeGreaterThanOrEqual(status.source.packets)
      expect(statistics).toMatchObject({ cameraId: id, node: status.node, epoch: status.epoch })
      expect(statistics).not.toHaveProperty("state")
    })
  )

  it.scoped(`${name}: stops and starts`, () =>
    Effect.gen(function* () {
      const calls = yield* connect
      const { plain } = yield* Simulators
      const { id } = yield* camera(plain)
      yield* statusWhen(calls, id, isStreaming)
      expect(yield* calls.StopCamera({ id })).toMatchObject({ enabled: false, revision: 2 })
      yield* statusWhen(calls, id, ({ state }) => state._tag === "Disabled")
      // The camera may hear of the end a moment later.
      yield* Effect.sync(() => plain.cameras[0]?.statistics().sessions).pipe(
        Effect.repeat({ until: (sessions) => sessions === 0, schedule: Schedule.spaced("20 millis") }),
        Effect.timeoutFail({ duration: "1 minute", onTimeout: () => new Error("the camera still has a session") })
      )
      expect(yield* Effect.flip(calls.RequestKeyframe({ id }))).toMatchObject({ _tag: "NoKeyframe", reason: "not-connected" })
      expect(yield* calls.StartCamera({ id })).toMatchObject({ enabled: true, revision: 3 })
      yield* statusWhen(calls, id, (status) => isStreaming(status) && status.revision === 3)
    })
  )

  it.scoped(`${name}: restarts`, () =>
    Effect.gen(function* () {
      const calls = yield* connect
      const { id } = yield* camera((yield* Simulators).plain)
      const before = yield* statusWhen(calls, id, isStreaming)
      expect((yield* calls.RestartCamera({ id })).cameraId).toBe(id)
      const after = yield* statusWhen(calls, id, (status) => isStreaming(status) && status.state.since > before.state.since)
      // The same actor with another source.
      expect(after.epoch).toBe(before.epoch)
    })
  )

  it.scoped(`${name}: configures, and says what is wrong with a configuration`, () =>
    Effect.gen(function* () {
      const calls = yield* connect
      const { id } = yield* camera((yield* Simulators).plain)
      const configured = yield* calls.ConfigureCamera({ id, patch: { name: "Yard" }, expectedRevision: 1 })
      expect(configured).toMatchObject({ id, name: "Yard", revision: 2 })
      yield* statusWhen(calls, id, ({ revision }) => revision === 2)
      expect(yield* Effect.flip(calls.ConfigureCamera({ id, patch: {}, expectedRevision: 1 }))).toMatchObject({
        _tag: "RevisionConflict",
        expected: 1,
        actual: 2
      })
      expect(yield* Effect.flip(calls.ConfigureCamera({ id, patch: { url: "gopher://192.0.2.1/" } }))).toMatchObject({
        _tag: "SourceError",
        reason: "unsupported"
      })
      const analytics = [{ analytic: AnalyticId.make("no-such-analytic"), settings: {} }]
      expect(yield* Effect.flip(calls.ConfigureCamera({ id, patch: { analytics } }))).toMatchObject({ _tag: "InvalidAnalytic" })
    })
  )

  it.scoped(`${name}: takes a picture`, () =>
    Effect.gen(function* () {
      const calls = yield* connect
      const { id } = yield* camera((yield* Simulators).plain)
      yield* statusWhen(calls, id, isStreaming)
      const picture = yield* calls.CameraSnapshot({ id })
      expect(Buffer.from(picture.subarray(0, 3)).toString("hex")).toBe("ffd8ff")
      expect(Buffer.from(picture.subarray(-2)).toString("hex")).toBe("ffd9")
    })
  )

  it.scoped(`${name}: asks for a key frame, and says of which camera that is not possible`, () =>
    Effect.gen(function* () {
      const calls = yield* connect
      const { obliging, plain } = yield* Simulators
      const willing = yield* camera(obliging)
      const unwilling = yield* camera(plain)
      yield* statusWhen(calls, willing.id, isStreaming)
      yield* statusWhen(calls, unwilling.id, isStreaming)
      const requests = () => obliging.cameras[0]?.statistics().keyframeRequests ?? 0
      const before = requests()
      expect(yield* calls.RequestKeyframe({ id: willing.id })).toEqual({ method: "pli" })
      yield* Effect.sync(requests).pipe(
        Effect.repeat({ until: (count) => count > before, schedule: Schedule.spaced("20 millis") }),
        Effect.timeout("1 minute")
      )
      expect(yield* Effect.flip(calls.RequestKeyframe({ id: unwilling.id }))).toMatchObject({
        _tag: "NoKeyframe",
        reason: "unsupported"
      })
    })
  )

  it.scoped(`${name}: knows no camera that is not there, whatever is asked of it`, () =>
    Effect.gen(function* () {
      const { id } = yield* camera((yield* Simulators).plain)
      const own = yield* connect
      yield* statusWhen(own, id, isStreaming)
      const others = stranger === undefined ? [] : [{ calls: yield* stranger, id }]
      for (const asked of [{ calls: own, id: missing }, ...others]) {
        const { calls } = asked
        const payload = { id: asked.id }
        const failures = [
          Effect.flip(calls.StartCamera(payload)),
          Effect.flip(calls.StopCamera(payload)),
          Effect.flip(calls.RestartCamera(payload)),
          Effect.flip(calls.ConfigureCamera({ ...payload, patch: {} })),
          Effect.flip(calls.CameraStatus(payload)),
          Effect.flip(calls.CameraStatistics(payload)),
          Effect.flip(calls.CameraSnapshot(payload)),
          Effect.flip(calls.RequestKeyframe(payload))
        ]
        for (const failure of failures) expect(yield* failure).toMatchObject({ _tag: "CameraNotFound", cameraId: asked.id })
      }
      expect((yield* own.CameraStatus({ id })).state._tag).toBe("Streaming")
    })
  )

  it.scoped(`${name}: answers many calls at once, each its own`, () =>
    Effect.gen(function* () {
      const calls = yield* connect
      const { id } = yield* camera((yield* Simulators).plain)
      yield* statusWhen(calls, id, isStreaming)
      const answers = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? missing : id)),
        (asked) =>
          Effect.match(calls.CameraStatus({ id: asked }), {
            onFailure: ({ _tag }) => _tag,
            onSuccess: (status) => status.cameraId
          }),
        { concurrency: "unbounded" }
      )
      expect(answers).toEqual(answers.map((_, index) => (index % 3 === 0 ? "CameraNotFound" : id)))
    })
  )
}
