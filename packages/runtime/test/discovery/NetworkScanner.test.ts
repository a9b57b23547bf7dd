import { describe, expect, it } from "@effect/vitest"
import { DiscoveryRequest, type FoundDevice, withDevice } from "@vigil/core/Discovery"
import { parseAddressSpans } from "@vigil/core/AddressRange"
import { NetworkScanner } from "@vigil/core/port/NetworkScanner"
import type { Credentials } from "@vigil/core/Source"
import { startCameras } from "@vigil/fixtures/camera/Cameras"
import { OnvifAuthentication } from "@vigil/fixtures/onvif/OnvifAuthentication"
import { type OnvifDeviceOptions, startOnvifDevice } from "@vigil/fixtures/onvif/OnvifDevice"
import type { DeviceStream } from "@vigil/fixtures/onvif/SimulatedDevice"
import { type Discoverable, startDiscovery } from "@vigil/fixtures/onvif/WsDiscovery"
import { defaultProbe } from "@vigil/runtime/discovery/WsDiscovery"
import * as NetworkScannerLive from "@vigil/runtime/discovery/NetworkScannerLive"
import { h264, testPicture, videoFolder } from "../material/Video.js"
import { Effect, Either, Fiber, Redacted, Schedule, Schema } from "effect"
import { afterAll } from "vitest"
import { createSocket } from "node:dgram"
import { createServer, type Server, type Socket } from "node:net"

const folder = await videoFolder()
afterAll(() => folder[Symbol.asyncDispose]())
const video = await folder.make("small.mp4", ...testPicture("320x240", 15, 2), ...h264(8))

const loopback = "127.0.0.1"
const networks = Either.getOrThrow(parseAddressSpans(["127.0.0.0/8"]))

/** Asks the device of this port, instead of a group that other tests' devices are in too. */
const scannerAt = (port: number) =>
  NetworkScannerLive.layerWith({ networks, parallel: 32, probe: { group: loopback, port, patience: 700 } })

const requestOf = (given: Partial<typeof DiscoveryRequest.Encoded>, credentials?: Credentials): DiscoveryRequest => ({
  ...Schema.decodeSync(DiscoveryRequest)(given),
  ...(credentials === undefined ? {} : { credentials })
})

const eventually = (what: string, check: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (check() ? Effect.void : Effect.fail(what))).pipe(
    Effect.retry(Schedule.spaced("10 millis").pipe(Schedule.intersect(Schedule.recurs(6000)))),
    Effect.orDieWith((missed) => new Error(`did not come about: ${missed}`))
  )

const scan = (request: DiscoveryRequest, port = 9) =>
  Effect.gen(function* () {
    const { run, total } = yield* (yield* NetworkScanner).plan(request)
    const seen = { devices: [] as ReadonlyArray<FoundDevice>, done: 0, total }
    yield* run({
      onDevice: (device) => {
        seen.devices = withDevice(seen.devices, device)
      },
      onDone: (connections) => {
        seen.done += connections
      }
    })
    return seen
  }).pipe(Effect.provide(scannerAt(port)))

const user: Credentials = { username: "admin", password: Redacted.make("s3cret") }

const stream = (token: string, codec: DeviceStream["codec"], width: number, host = "0.0.0.0"): DeviceStream => ({
  token,
  name: token,
  url: `rtsp://${host}:8554/${token}`,
  codec,
  width,
  height: (width * 9) / 16,
  framesPerSecond: 15
})

const device = (options: Partial<OnvifDeviceOptions> = {}) =>
  startOnvifDevice({ streams: [stream("sub", "h264", 640), stream("main", "h264", 1920)], ...options })

const discovered = (...devices: ReadonlyArray<Discoverable>) =>
  startDiscovery(devices, { port: 0, interface: loopback, maximumDelay: 50 })

const locked = (...schemes: ReadonlyArray<"digest" | "username-token">) => {
  const [first, ...others] = schemes
  return OnvifAuthentication.make({
    username: "admin",
    password: Redacted.make("s3cret"),
    ...(first === undefined ? {} : { schemes: [first, ...others] as const })
  })
}

/** Whether a datagram to the group of WS-Discovery comes back on the loopback interface. */
const multicastWorks = await new Promise<boolean>((resolve) => {
  const socket = createSocket({ type: "udp4", reuseAddr: true })
  const end = (works: boolean) => {
    clearTimeout(timer)
    socket.removeAllListeners()
    socket.close()
    resolve(works)
  }
  const timer = setTimeout(() => end(false), 1000)
  socket.once("error", () => end(false))
  socket.on("message", (bytes) => bytes.toString() === "echo" && end(true))
  socket.bind(defaultProbe.port, () => {
    try {
      socket.addMembership(defaultProbe.group, loopback)
      socket.setMulticastInterface(loopback)
      socket.send("echo", defaultProbe.port, defaultProbe.group)
    } catch {
      // No multicast here.
      end(false)
    }
  })
})

describe("devices in the same network", () => {
  if (!multicastWorks) it.skip("answer by multicast: it does not work on the loopback interface of this machine")

  it.scopedLive.skipIf(!multicastWorks)("are found by WS-Discovery's own group and port", () =>
    Effect.gen(function* () {
      const found = yield* Effect.forEach([1, 2, 3], (number) =>
        device({ identity: { ...identity, serial: `SCAN-${process.pid}-${number}`, name: `multicast ${number}` } })
      )
      yield* startDiscovery(found, { interface: loopback })
      const { plan } = yield* NetworkScanner
      const seen: Array<FoundDevice> = []
      const { run } = yield* plan(requestOf({}))
      yield* run({ onDevice: (one) => seen.push(one), onDone: () => undefined })
      const ours = seen.filter(({ name }) => name.startsWith("multicast"))
      expect(new Set(ours.map(({ key }) => key))).toEqual(new Set(found.map(({ urn }) => urn)))
      expect(ours.map(({ streams }) => streams.length)).toEqual([2, 2, 2])
    }).pipe(Effect.provide(NetworkScannerLive.layerWith({ networks })))
  )
})

describe("devices that answer a probe", () => {
  it.scopedLive("tell who they are and where their streams are, the largest first", () =>
    Effect.gen(function* () {
      const found = yield* device()
      const { devices } = yield* scan(requestOf({}), yield* discovered(found))
      expect(devices).toEqual([
        {
          key: found.urn,
          kind: "onvif",
          address: loopback,
          name: "camera-1",
          manufacturer: "Vigil",
          model: "Simulated camera",
          location: "laboratory",
          needsCredentials: false,
          streams: [
            { url: `rtsp://${loopback}:8554/main`, name: "main", codec: "H264", width: 1920, height: 1080 },
            { url: `rtsp://${loopback}:8554/sub`, name: "sub", codec: "H264", width: 640, height: 360 }
          ]
        }
      ])
    })
  )

  it.scopedLive("of the older kind do too, and H.265 is known to the newer", () =>
    Effect.gen(function* () {
      const old = yield* device({ media2: false })
      const fresh = yield* device({
        streams: [stream("best", "h265", 3840)],
        identity: { ...identity, serial: "SIM-0002", name: "camera-2" }
      })
      const { devices } = yield* scan(requestOf({}), yield* discovered(old, fresh))
      expect(devices.map(({ streams }) => streams.map(({ codec, width }) => `${codec} ${width}`))).toEqual(
        expect.arrayContaining([["H264 1920", "H264 640"], ["H265 3840"]])
      )
      old.setFaults({ unsupported: ["GetServices"] })
      const again = yield* scan(requestOf({}), yield* discovered(old))
      expect(again.devices[0]?.streams.length).toBe(2)
    })
  )

  for (const schemes of [["digest"], ["username-token"], ["digest", "username-token"]] as const) {
    it.scopedLive(
      `want a password by ${schemes.join(" and ")}, whatever their clock says, and are asked once with a wrong one`,
      () =>
        Effect.gen(function* () {
          const found = yield* device({ authentication: locked(...schemes) })
          found.setFaults({ clockOffsetMs: -86_400_000 * 400 })
          const port = yield* discovered(found)
          const [anonymous] = (yield* scan(requestOf({}), port)).devices
          expect(anonymous).toMatchObject({ needsCredentials: true, streams: [], name: "camera-1", model: "simulator" })
          expect(anonymous?.detail).toMatch(/wants a user name and password/)
          const [open] = (yield* scan(requestOf({}, user), port)).devices
          expect(open?.streams.length, open?.detail).toBe(2)
          const before = found.status().refusedCalls
          const wrong = { username: "admin", password: Redacted.make("wrong") }
          const [refused] = (yield* scan(requestOf({}, wrong), port)).devices
          expect(refused).toMatchObject({ needsCredentials: true, streams: [] })
          expect(found.status().refusedCalls - before).toBeLessThanOrEqual(2)
          expect(JSON.stringify([anonymous, open, refused])).not.toMatch(/s3cret|wrong/)
        })
    )
  }

  it.scopedLive("that do not work are told with the reason, and hold nobody up", () =>
    Effect.gen(function* () {
      const silent = yield* device()
      const port = yield* discovered(silent)
      for (const [faults, reason] of [
        [{ refuse: 503 }, /503/],
        [{ reset: true }, /socket hang up|ECONNRESET/],
        [{ malformedXml: true }, /no SOAP/],
        [{ hang: "GetProfiles" }, /no answer within/],
        [{ unsupported: ["GetStreamUri"] }, /no stream/]
      ] as const) {
        silent.setFaults(faults)
        const [found] = (yield* scan(requestOf({}), port)).devices
        expect(found, String(reason)).toMatchObject({ key: silent.urn, streams: [], detail: expect.stringMatching(reason) })
      }
      silent.setFaults({ ignoreProbes: true })
      expect((yield* scan(requestOf({}), port)).devices).toEqual([])
    })
  )

  it.scopedLive("send nobody elsewhere: streams are where the device is, and services elsewhere are not asked", () =>
    Effect.gen(function* () {
      const found = yield* device({ streams: [stream("main", "h264", 640, "198.51.100.9")] })
      const liar = {
        hears: () => true,
        describe: () => ({ urn: "urn:uuid:liar", scopes: [], addresses: ["http://198.51.100.9/onvif/device_service"] })
      }
      const { devices } = yield* scan(requestOf({}), yield* discovered(found, liar))
      expect(devices.find(({ key }) => key === found.urn)?.streams[0]?.url).toBe(`rtsp://${loopback}:8554/main`)
      expect(devices.find(({ key }) => key === "urn:uuid:liar")).toMatchObject({
        address: loopback,
        streams: [],
        detail: expect.stringMatching(/at no address/)
      })
    })
  )
})

/** A server that does as it is told with each connection; its port, and the connections that are open. */
const listening = (onSocket: (socket: Socket) => void, host = loopback) =>
  Effect.gen(function* () {
    const sockets = new Set<Socket>()
    const server = yield* Effect.acquireRelease(
      Effect.async<Server>((resume) => {
        const made = createServer((socket) => {
          sockets.add(socket)
          socket.once("close", () => sockets.delete(socket))
          // swallowed: the scanner hangs up as it likes.
          socket.on("error", () => {})
          onSocket(socket)
        })
        made.listen(0, host, () => resume(Effect.succeed(made)))
      }),
      (made) =>
        Effect.async<void>((resume) => {
          made.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    )
    const address = server.address()
    return { port: address !== null && typeof address === "object" ? address.port : 0, sockets }
  })

describe("servers in a range", () => {
  it.scopedLive("are found among those that speak something else or nothing", () =>
    Effect.gen(function* () {
      const { urls } = yield* startCameras({ files: [video] })
      const authentication = { username: "admin", password: user.password, scheme: "digest" as const }
      const closed = yield* startCameras({ files: [video], authentication })
      const careless = yield* startCameras({ files: [video], authentication: { ...authentication, scheme: "basic" } })
      const portOf = (url = "") => Number(new URL(url).port)
      const [open, shut, plain] = [portOf(urls[0]), portOf(closed.urls[0]), portOf(careless.urls[0])]
      const web = yield* listening((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"))
      const mute = yield* listening(() => undefined)
      const rude = yield* listening((socket) => socket.destroy())
      const ports = [open, shut, plain, web.port, mute.port, rude.port]
      const request = { onvif: false, ranges: ["127.0.0.1-127.0.0.2"], ports, paths: ["cam/1"] }

      const anonymous = yield* scan(requestOf(request))
      expect(anonymous).toMatchObject({ total: 12, done: 12 })
      const keys = anonymous.devices.map(({ key }) => key)
      expect(new Set(keys)).toEqual(new Set([open, shut, plain].map((port) => `${loopback}:${port}`)))
      const at = (devices: ReadonlyArray<FoundDevice>, port: number) => devices.find(({ key }) => key.endsWith(`:${port}`))
      expect(at(anonymous.devices, open)).toMatchObject({
        kind: "rtsp",
        address: loopback,
        needsCredentials: false,
        streams: [{ url: `rtsp://${loopback}:${open}/cam/1`, codec: "H264" }]
      })
      expect(at(anonymous.devices, shut)).toMatchObject({ needsCredentials: true, streams: [] })

      const { devices } = yield* scan(requestOf(request, user))
      expect(at(devices, shut)).toMatchObject({ streams: [{ url: `rtsp://${loopback}:${shut}/cam/1` }] })
      expect(at(devices, plain)).toMatchObject({
        needsCredentials: true,
        streams: [],
        detail: expect.stringMatching(/takes no Digest: it would be told the password itself/)
      })
      expect(JSON.stringify(devices)).not.toContain("s3cret")
    })
  )

  it.scopedLive("are looked at many at a time, but not more, and left at once when somebody cancels", () =>
    Effect.gen(function* () {
      let most = 0
      const { port, sockets } = yield* listening((socket) => {
        most = Math.max(most, sockets.size)
        socket.resume()
      }, "0.0.0.0")
      const { run } = yield* Effect.flatMap(NetworkScanner, ({ plan }) =>
        plan(requestOf({ onvif: false, ranges: ["127.0.0.0/24"], ports: [port] }))
      )
      const fiber = yield* Effect.fork(run({ onDevice: () => undefined, onDone: () => undefined }))
      yield* eventually("as many connections as may be", () => sockets.size === 32)
      yield* Fiber.interrupt(fiber)
      yield* eventually("no connection", () => sockets.size === 0)
      expect(most).toBe(32)
    }).pipe(Effect.provide(NetworkScannerLive.layerWith({ networks, parallel: 32 })))
  )

  it.scopedLive("that are not ours to look at are refused", () =>
    Effect.gen(function* () {
      const scanner = yield* NetworkScanner
      for (const range of ["127.0.0.1", "8.8.8.8", "192.167.255.0-192.168.0.9", "169.254.169.254"]) {
        const error = yield* scanner.plan(requestOf({ ranges: [range], ports: [554] })).pipe(Effect.flip)
        expect(error).toMatchObject({ _tag: "RangeRefused", range })
        expect(error.message).toContain("VIGIL_DISCOVERY_NETWORKS")
      }
      expect((yield* scanner.plan(requestOf({ ranges: ["192.168.7.0/24"] }))).total).toBe(512)
    }).pipe(Effect.provide(NetworkScannerLive.layerWith()))
  )
})

const identity = {
  manufacturer: "Vigil",
  model: "Simulated camera",
  firmware: "1.0",
  serial: "SIM-0001",
  hardware: "simulator",
  name: "camera-1",
  location: "laboratory"
}
