import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { CameraId } from "@vigil/core/Ids"
import { sourceConfig } from "@vigil/core/Source"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { startNetworkProxy } from "@vigil/fixtures/network/NetworkProxy"
import { sceneFile } from "@vigil/fixtures/scene/SceneFile"
import { street } from "@vigil/fixtures/scene/SceneLibrary"
import { rtspSource } from "@vigil/runtime/source/rtsp/RtspSource"
import * as Sources from "@vigil/runtime/source/Sources"
import { type AgentLimits, defaultAgentLimits, runAgent } from "@vigil/runtime/whip/Agent"
import type { AgentState } from "@vigil/runtime/whip/AgentStatus"
import { Effect, Fiber, Layer, Redacted } from "effect"
import { layerWorkers } from "../material/FakeMedia.js"
import { startWhipServer, until } from "./PlayedWhipServer.js"

const camera = CameraId.make("7f1f0c52-3f0c-4d7e-9c3b-3b8f4d3a9f10")
const webRtc = { addresses: ["127.0.0.1"], ports: undefined, iceServers: [] }

const limits: AgentLimits = {
  ...defaultAgentLimits,
  backoff: { base: 100, cap: 400, factor: 2, floor: 50 },
  slowRetry: 300,
  silence: 2000,
  status: 100
}

const startAgent = (server: string, url: string, token = "right") =>
  Effect.gen(function* () {
    const states: Array<AgentState> = []
    const fiber = yield* runAgent(
      { camera, source: sourceConfig(url), token: Effect.succeed(Redacted.make(token)) },
      {
        server: { origin: server, ca: undefined },
        webRtc,
        limits,
        report: ({ state }) => Effect.sync(() => void states.push(state))
      }
    ).pipe(Effect.forkScoped)
    const is = (tag: AgentState["_tag"]) => states.at(-1)?._tag === tag
    return { states, is, stop: Fiber.interrupt(fiber) }
  })

const cameras = Effect.flatMap(sceneFile(street), ({ video }) => startCameras({ files: [video], reportInterval: 500 }))

const layer = Sources.layer.pipe(Layer.provide(layerWorkers([])))

const test = (
  name: string,
  body: Effect.Effect<void, unknown, Layer.Layer.Success<typeof layer> | Effect.Effect.Context<typeof cameras>>
) => it.scopedLive(name, () => Effect.provide(body, layer))

const nameOf = ({ units }: AccessUnit): string => {
  const hash = createHash("sha256")
  for (const unit of units) if ([1, 5].includes((unit[0] ?? 0) & 0x1f)) hash.update(unit)
  return hash.digest("hex")
}

describe("an agent", () => {
  test(
    "brings the camera's very pictures, with the camera's own times",
    Effect.gen(function* () {
      const { urls } = yield* cameras
      const [url = ""] = urls
      const server = yield* startWhipServer({ camera })
      const direct: Array<AccessUnit> = []
      yield* rtspSource.open(sourceConfig(url), (unit) => void direct.push(unit))
      yield* startAgent(server.url, url)
      yield* until("pictures come", () => server.units.length > 75)
      const published = [...server.units]
      expect(published[0]?.keyframe).toBe(true)
      expect(published.every(({ damaged }) => !damaged)).toBe(true)
      expect(server.statistics()).toMatchObject({ packetsLost: 0 })
      expect(published.every(({ wallClockOrigin }) => wallClockOrigin === "sender-report")).toBe(true)
      const known = new Map(direct.map((unit) => [nameOf(unit), unit] as const))
      // By then the camera's first report has come, and with the agent's next one is here.
      const compared = published.slice(45).flatMap((unit) => {
        const same = known.get(nameOf(unit))
        return same === undefined ? [] : [{ unit, same }]
      })
      expect(compared.length).toBeGreaterThan(20)
      const [first] = compared
      for (const { same, unit } of compared) {
        // The scene is a loop: a picture that comes a second time has another time.
        if (Math.abs(unit.wallTime - same.wallTime) > 1000) continue
        expect(unit.wallTime).toBeCloseTo(same.wallTime, 0)
        if (first === undefined) continue
        const passed = (unit.mediaTime - first.unit.mediaTime) / 1000
        expect(passed).toBeCloseTo((same.mediaTime - first.same.mediaTime) / 1000, 0)
      }
    })
  )

  test(
    "brings H.265, and the sound with it",
    Effect.gen(function* () {
      const { video } = yield* sceneFile(street)
      const { urls } = yield* startCameras({ files: [video], codec: "h265", audio: "pcmu" })
      const server = yield* startWhipServer({ camera })
      yield* startAgent(server.url, urls[0] ?? "")
      const of = (kind: AccessUnit["kind"]) => server.units.filter((unit) => unit.kind === kind)
      yield* until("pictures and sound come", () => of("video").length > 20 && of("audio").length > 20)
      expect(server.description()).toMatchObject([
        { kind: "video", codec: "h265", width: 640, height: 480 },
        { kind: "audio", codec: "pcmu", sampleRate: 8000 }
      ])
      expect(server.units.filter(({ damaged }) => damaged)).toEqual([])
      // Both were said to be of the same moment as at the camera: neither runs away from the other.
      const last = (kind: AccessUnit["kind"]) => of(kind).at(-1)?.wallTime ?? 0
      expect(Math.abs(last("video") - last("audio"))).toBeLessThan(1000)
    })
  )

  test(
    "makes up for packets that are lost on the way",
    Effect.gen(function* () {
      const { urls } = yield* cameras
      const server = yield* startWhipServer({ camera, loss: 0.1 })
      const agent = yield* startAgent(server.url, urls[0] ?? "")
      yield* until("many pictures come", () => server.units.length > 60)
      yield* until("it tells", () => agent.is("Publishing"))
      expect(server.dropped()).toBeGreaterThan(5)
      const state = agent.states.filter(({ _tag }) => _tag === "Publishing").at(-1)
      expect(state).toMatchObject({ packetsRepeated: expect.toSatisfy((count) => count > 0) })
      const damaged = server.units.filter((unit) => unit.damaged).length
      expect(damaged).toBeLessThan(server.units.length / 10)
    })
  )
})

describe("the life of an agent", { concurrent: true }, () => {
  test(
    "takes leave when it is stopped",
    Effect.gen(function* () {
      const { cameras: simulated, urls } = yield* cameras
      const server = yield* startWhipServer({ camera })
      const agent = yield* startAgent(server.url, urls[0] ?? "")
      yield* until("it publishes", () => agent.is("Publishing") && server.units.length > 0)
      yield* agent.stop
      expect(server.requests.map(({ method }) => method)).toEqual(["POST", "DELETE"])
      yield* until("the camera is left", () => simulated[0]?.statistics().connections === 0 || server.ended() === 1)
    })
  )

  test(
    "comes back when the server was away, with a key frame first",
    Effect.gen(function* () {
      const { urls } = yield* cameras
      const server = yield* startWhipServer({ camera })
      const agent = yield* startAgent(server.url, urls[0] ?? "")
      yield* until("it publishes", () => server.units.length > 10)
      yield* server.restart
      const before = server.units.length
      yield* until("it notices", () => agent.states.some(({ _tag }) => _tag === "Retrying"))
      yield* until("pictures come again", () => server.units.length > before + 20)
      expect(server.units[before]?.keyframe).toBe(true)
      const retrying = agent.states.filter((state) => state._tag === "Retrying")
      expect(retrying.every(({ party }) => party === "server")).toBe(true)
      // The camera was connected all the time.
      expect(agent.states.filter(({ _tag }) => _tag === "Connecting")).toHaveLength(1)
    })
  )

  test(
    "waits for a server that cannot be reached, does not answer, or cuts off",
    Effect.gen(function* () {
      const { urls } = yield* cameras
      const server = yield* startWhipServer({ camera })
      const proxy = yield* startNetworkProxy({ target: { host: "127.0.0.1", port: server.port }, faults: { refuse: true } })
      const agent = yield* startAgent(`http://127.0.0.1:${proxy.port}`, urls[0] ?? "")
      yield* until("it is refused", () => agent.states.filter(({ _tag }) => _tag === "Retrying").length > 2)
      proxy.setFaults({ resetAfterBytes: 600 })
      const failed = agent.states.length
      yield* until("it is cut off", () => agent.states.length > failed + 2)
      expect(agent.states.every((state) => state._tag !== "Retrying" || state.reason === "unreachable")).toBe(true)
      proxy.setFaults({})
      yield* until("it publishes", () => agent.is("Publishing"))
      yield* until("pictures come", () => server.units.length > 10)
    })
  )

  test(
    "takes leave of the server when the camera is lost, and comes back with it",
    Effect.gen(function* () {
      const { cameras: simulated, urls } = yield* cameras
      const server = yield* startWhipServer({ camera })
      const agent = yield* startAgent(server.url, urls[0] ?? "")
      yield* until("it publishes", () => server.units.length > 10)
      simulated[0]?.setFaults({ refuse: 503 })
      simulated[0]?.kill("reset")
      yield* until("the camera is lost", () =>
        agent.states.some((state) => state._tag === "Retrying" && state.party === "camera")
      )
      yield* until("the server knows", () => server.requests.some(({ method }) => method === "DELETE"))
      simulated[0]?.setFaults({})
      const before = server.units.length
      yield* until("pictures come again", () => server.units.length > before + 10)
      expect(server.units[before]?.keyframe).toBe(true)
    })
  )

  test(
    "says that its token is wrong, and tries it seldom",
    Effect.gen(function* () {
      const { urls } = yield* cameras
      const server = yield* startWhipServer({ camera })
      const agent = yield* startAgent(server.url, urls[0] ?? "", "wrong")
      yield* until("it is refused", () => agent.is("Retrying"))
      const state = agent.states.at(-1)
      expect(state).toMatchObject({ party: "server", reason: "unauthorized", after: expect.toSatisfy((after) => after >= 300) })
      expect(JSON.stringify(agent.states)).not.toContain("wrong")
    })
  )
})
