import { statusTable } from "@vigil/cli/camera/StatusTable"
import { type Camera, NewCamera } from "@vigil/core/Camera"
import { newRecord } from "@vigil/core/CameraRecord"
import type { CameraState } from "@vigil/core/CameraState"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { CameraId, defaultTenant, Epoch, ModelId } from "@vigil/core/Ids"
import { emptyStatistics } from "@vigil/core/Source"
import { wallTime } from "@vigil/core/Time"
import { DateTime, Either, Schema } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const now = Date.UTC(2026, 0, 1)

const cameraOf = (name: string): Camera =>
  Either.getOrThrow(
    newRecord(
      defaultTenant,
      CameraId.make(crypto.randomUUID()),
      Schema.decodeSync(NewCamera)({ name, url: "rtsp://192.0.2.7/live" }),
      DateTime.unsafeMake(now)
    )
  ).camera

const streaming: CameraState = { _tag: "Streaming", since: wallTime(now) }
const refused: CameraState = {
  _tag: "BackingOff",
  since: wallTime(now),
  failure: { reason: "unreachable", detail: "connect ECONNREFUSED 192.0.2.7:554, nobody listens there" },
  failures: 3,
  retryAt: wallTime(now + 9000)
}

const statusOf = ({ id }: Camera, state: CameraState, node = "a"): CameraStatus => ({
  cameraId: id,
  state,
  node,
  epoch: Epoch.make(1),
  revision: 1,
  source: { ...emptyStatistics, framesPerSecond: 15, bitrate: 1_200_000, packets: 1000 },
  pipeline: {
    framesDecoded: 0,
    framesDropped: 0,
    framesSkipped: 0,
    inferences: 0,
    inferencesDropped: 0,
    detections: 0,
    events: 7,
    segments: 0,
    latencyP50: 80,
    latencyP95: 140
  },
  viewers: 2,
  updatedAt: DateTime.unsafeMake(now)
})

const cameras = ["Front door", "Yard", "A name that is longer than a narrow terminal can show"].map(cameraOf)
const statuses = new Map(cameras.map((camera, index) => [camera.id, statusOf(camera, index === 1 ? refused : streaming)]))
const wide = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY }

describe("statusTable", () => {
  it("shows everything where there is room", () => {
    const lines = statusTable(cameras, statuses, now, wide).split("\n")
    expect(lines[0]?.split(/\s+/)).toEqual([
      ...["CAMERA", "STATE", "FPS", "KBIT/S", "LOSS", "LATENCY", "VIEWERS", "EVENTS", "REASON"]
    ])
    expect(lines[1]).toMatch(/^Front door +streaming +15\.0 +1200 +0\.00 % +80\/140 ms +2 +7$/)
    expect(lines[2]).toMatch(/nobody listens there; again in 9 s$/)
  })

  it("names nodes where there are several", () => {
    const [first, second] = cameras
    if (first === undefined || second === undefined) throw new Error("no cameras")
    const both = new Map([
      [first.id, statusOf(first, streaming, "north")],
      [second.id, statusOf(second, streaming, "south")]
    ])
    const text = statusTable(cameras, both, now, wide)
    expect(text).toMatch(/^CAMERA +NODE +STATE/)
    expect(text).toMatch(/Yard +south +streaming/)
    expect(text).toMatch(/can show +- +not running/)
  })

  it("says why nothing looks for objects", () => {
    const [first] = cameras
    if (first === undefined) throw new Error("no cameras")
    const blind: CameraStatus = {
      ...statusOf(first, streaming),
      detectorProblem: { model: ModelId.make("trucks"), reason: "not-installed", detail: "is not installed; run `vigil …`" }
    }
    expect(statusTable([first], new Map([[first.id, blind]]), now, wide)).toMatch(
      / no detector: model trucks: is not installed; run `vigil …`$/
    )
  })

  it("keeps name, state and reason where there is little", () => {
    const lines = statusTable(cameras, statuses, now, { columns: 60, rows: 24 }).split("\n")
    expect(lines[0]).toMatch(/^CAMERA +STATE .*REASON$/)
    expect(lines[2]).toMatch(/^Yard +backing off .*unreachable: /)
    expect(lines[3]).toMatch(/^A name that is long…/)
  })

  it("is never wider or higher than the terminal, and says what it leaves out", () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 200 }), fc.integer({ min: 3, max: 10 }), fc.nat(20), (columns, rows, count) => {
        const many = Array.from({ length: count }, (_, index) => cameras[index % 3] ?? cameraOf("x"))
        const lines = statusTable(many, statuses, now, { columns, rows }).split("\n")
        expect(lines.length).toBeLessThanOrEqual(rows)
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
        const shown = lines.filter((line) => /^(Front|Yard|A name)/.test(line)).length
        const hidden = Number(/^… and (\d+)/.exec(lines.at(-1) ?? "")?.[1] ?? 0)
        expect(shown + hidden).toBe(count)
      })
    )
  })
})
