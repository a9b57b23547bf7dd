import { describe, expect, it } from "@effect/vitest"
import { AnalyticAssignment } from "@vigil/core/Analytic"
import { type Camera, CameraPatch, NewCamera } from "@vigil/core/Camera"
import { newRecord, revisedRecord } from "@vigil/core/CameraRecord"
import { AnalyticId, CameraId, defaultTenant, PlaceId } from "@vigil/core/Ids"
import { analyticRequirementsOf, cameraLevel, cameraPatchOf, cameraRun } from "@vigil/core/settings/CameraSettings"
import { effectiveSettings, levelsAt, nothingSaid, type SaidLevel } from "@vigil/core/settings/SettingLevels"
import { patched, sameValues } from "@vigil/core/settings/SettingValues"
import { DateTime, Either, Option, Schema } from "effect"
import * as fc from "effect/FastCheck"

const at = DateTime.unsafeMake(0)

const added = (input: Partial<typeof NewCamera.Encoded> = {}): Camera =>
  Either.getOrThrow(
    newRecord(
      defaultTenant,
      CameraId.make("8a0d5b6e-3c0f-4a53-9f4e-6d9f6ad2f001"),
      Schema.decodeSync(NewCamera)({ name: "Gate", url: "rtsp://192.0.2.7/live", ...input }),
      at
    )
  ).camera

const changed = (camera: Camera, patch: typeof CameraPatch.Encoded): Camera =>
  Either.getOrThrow(
    revisedRecord({ camera, credentials: Option.none(), address: Option.none() }, Schema.decodeSync(CameraPatch)(patch), at)
  ).camera

const site = PlaceId.make("8a0d5b6e-3c0f-4a53-9f4e-6d9f6ad2f00a")
const hall = PlaceId.make("8a0d5b6e-3c0f-4a53-9f4e-6d9f6ad2f00b")

const said = (values: Record<string, unknown>) => ({ values, revision: 1 })

/** What the levels above a camera in the hall of the site say. */
const above = (system: object, tenant: object = {}, ofSite: object = {}): ReadonlyArray<SaidLevel> =>
  levelsAt(
    said({ ...system }),
    { tenant: said({ ...tenant }), sites: new Map([[site, said({ ...ofSite })]]), siteOf: new Map([[hall, site]]) },
    hall
  )

describe("a camera's own settings", () => {
  it("are those of its form that are not everybody's, and follow the form", () => {
    expect(added().settings).toEqual({})
    const own = added({ segment: { duration: 3, overlap: 0 } })
    expect(own.settings).toEqual({ "segment.duration": 3 })
    expect(changed(own, { segment: { duration: 5, overlap: 1 } }).settings).toEqual({
      "segment.duration": 5,
      "segment.overlap": 1
    })
    expect(changed(own, { name: "Gate 2", segment: own.segment }).settings).toEqual({ "segment.duration": 3 })
  })

  it("show in the form, and no more when they are taken away", () => {
    const own = changed(added(), { settings: { "segment.duration": 3, "detection.gate": "always", "buffer.seconds": 4 } })
    expect(own).toMatchObject({ segment: { duration: 3, overlap: 0 }, detection: { framesPerSecond: 5, gate: "always" } })
    expect(changed(own, { settings: {} })).toMatchObject({
      settings: {},
      segment: { duration: 5, overlap: 0 },
      detection: { framesPerSecond: 5, gate: "motion" }
    })
  })

  it("come back with a version of before there were settings", () => {
    const own = changed(added(), { settings: { "segment.duration": 3 } })
    expect(changed(own, { segment: { duration: 7, overlap: 0 } }).settings).toEqual({ "segment.duration": 7 })
    expect(changed(own, { segment: { duration: 7, overlap: 0 }, settings: {} }).settings).toEqual({ "segment.duration": 7 })
  })

  it("always agree with the form, whatever was changed before", () => {
    const form = fc.record({ duration: fc.integer({ min: 1, max: 10 }), overlap: fc.integer({ min: 0, max: 5 }) })
    const step = fc.oneof(
      fc.record({ segment: form }),
      fc.record({
        settings: fc.dictionary(fc.constantFrom("segment.duration", "segment.overlap"), fc.integer({ min: 1, max: 5 }))
      })
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
        const camera = steps.reduce(changed, added())
        expect(camera.segment.duration).toBe(camera.settings["segment.duration"] ?? 5)
        expect(camera.segment.overlap).toBe(camera.settings["segment.overlap"] ?? 0)
        // Nobody above says anything: it runs as its form shows.
        expect(cameraRun(camera, []).camera.segment).toEqual(camera.segment)
      })
    )
  })

  it("of an analytic that it has are in the assignment", () => {
    const camera = added()
    const patch = cameraPatchOf(camera, {
      "analytic.motion.sensitivity": 0.9,
      "analytic.motion.priority": "HIGH",
      "analytic.crowd.people": 7,
      "analytic.motion.minHeight": 720
    })
    expect(patch.analytics?.[0]).toEqual({ analytic: "motion", priority: "HIGH", settings: { sensitivity: 0.9 } })
    expect(patch.settings).toEqual({ "analytic.crowd.people": 7, "analytic.motion.minHeight": 720 })
    const after = Either.getOrThrow(
      revisedRecord({ camera, credentials: Option.none(), address: Option.none() }, patch, at)
    ).camera
    expect(cameraLevel(after).values).toEqual({
      "analytic.motion.sensitivity": 0.9,
      "analytic.motion.priority": "HIGH",
      "analytic.crowd.people": 7,
      "analytic.motion.minHeight": 720
    })
    const back = cameraPatchOf(after, { "analytic.motion.sensitivity": null, "analytic.motion.priority": null })
    expect(back.analytics?.[0]).toEqual({ analytic: "motion", settings: {} })
  })
})

describe("what a camera runs with", () => {
  it("is what the nearest level says", () => {
    const levels = above(
      { "segment.duration": 2, "segment.overlap": 1, "buffer.seconds": 30, "detection.gate": "always" },
      { "segment.duration": 3, "segment.overlap": 2, "model.yolox-nano.confidence": 0.7 },
      { "segment.duration": 4 }
    )
    const run = cameraRun(changed(added(), { settings: { "detection.gate": "motion" } }), levels)
    expect(run.camera.segment).toEqual({ duration: 4, overlap: 2 })
    expect(run.camera.detection).toEqual({ framesPerSecond: 5, gate: "motion" })
    expect(run.history).toEqual({ window: 30_000, maxBytes: 64 * 1024 * 1024 })
    expect(run.confidences).toEqual({ "yolox-nano": 0.7 })
  })

  it("is the same where another place, or none, says the rest", () => {
    const elsewhere = levelsAt(
      nothingSaid,
      { tenant: said({ "segment.duration": 3 }), sites: new Map(), siteOf: new Map() },
      hall
    )
    expect(cameraRun(added(), elsewhere).camera.segment.duration).toBe(3)
  })

  it("gives analytics what is said of them, and what they are assigned with above all", () => {
    const camera = added({
      analytics: [
        { analytic: "intrusion", settings: { cooldown: 1 } },
        { analytic: "motion", priority: "CRITICAL", settings: {} }
      ]
    })
    const levels = above(
      { "analytic.intrusion.confidence": 0.8, "analytic.intrusion.cooldown": 9, "analytic.intrusion.minHeight": 720 },
      { "analytic.intrusion.priority": "HIGH", "analytic.motion.priority": "HIGH", "analytic.motion.sensitivity": 0.1 }
    )
    expect(cameraRun(camera, levels).camera.analytics).toEqual([
      AnalyticAssignment.make({
        analytic: AnalyticId.make("intrusion"),
        priority: "HIGH",
        settings: { confidence: 0.8, cooldown: 1 }
      }),
      AnalyticAssignment.make({ analytic: AnalyticId.make("motion"), priority: "CRITICAL", settings: { sensitivity: 0.1 } })
    ])
  })

  it("knows what a model needs, other than its descriptor says", () => {
    const levels = above({ "model.yolo.v8.minHeight": 720, "model.yolo.v8.overlap": 2 }, { "model.yolo.v8.minHeight": 1080 })
    expect(cameraRun(added(), levels).requirements).toEqual({ "yolo.v8": { minHeight: 1080, overlap: 2 } })
  })

  it("knows what an analytic needs, other than it says itself", () => {
    const levels = above(
      { "analytic.motion.minHeight": 720, "analytic.motion.overlap": 2 },
      { "analytic.motion.minHeight": 1080 }
    )
    const run = cameraRun(added(), levels)
    expect([run.analyticRequirements, run.requirements]).toEqual([{ motion: { minHeight: 1080, overlap: 2 } }, {}])
  })

  it("asks of segments what an analytic asks only where workers are given them", () => {
    const own = { minHeight: 360, minBitrate: 512_000, minDuration: 2, overlap: 0.5 }
    const motion = { id: AnalyticId.make("motion"), requirements: own }
    const local = cameraRun(added(), above({ "analytic.motion.minDuration": 4 }))
    expect(analyticRequirementsOf(local, motion)).toEqual({ minHeight: 360, minBitrate: 0, minDuration: 4, overlap: 0 })
    const queued = cameraRun(added({ detection: { framesPerSecond: 5, gate: "motion", placement: "queue" } }), above({}))
    expect(analyticRequirementsOf(queued, motion)).toEqual(own)
  })

  it("passes over values of a newer Vigil, down to its own", () => {
    const levels = above({ "segment.duration": 2 }, { "segment.duration": "adaptive" })
    expect(cameraRun(added(), levels).camera.segment.duration).toBe(2)
  })

  it("needs nobody above once it has all of it, as edges get it", () => {
    const levels = above({ "segment.duration": 2, "detection.model": "yolox-nano" }, { "analytic.intrusion.confidence": 0.8 })
    const once = cameraRun(added(), levels)
    expect(cameraRun(once.camera, [])).toEqual(once)
  })
})

describe("what holds at a level", () => {
  const definitions = [{ key: "segment.duration", description: "", default: 5, schema: {} }]
  const of = (levels: ReadonlyArray<SaidLevel>) =>
    effectiveSettings(definitions, levels).find(({ key }) => key === "segment.duration")

  it("says who says it, and what would hold without", () => {
    expect(of(above({}))).toEqual({ key: "segment.duration", value: 5, origin: { level: "default" } })
    expect(of(above({ "segment.duration": 2 }))).toMatchObject({ value: 2, origin: { level: "system" } })
    expect(of(above({ "segment.duration": 2 }, { "segment.duration": 3 }))).toMatchObject({
      value: 3,
      origin: { level: "tenant" }
    })
    expect(of(above({ "segment.duration": 2 }, {}, { "segment.duration": 4 }))).toEqual({
      key: "segment.duration",
      value: 4,
      origin: { level: "site", id: site },
      inherited: { value: 2, origin: { level: "system" } }
    })
  })

  it("has what is said without being defined", () => {
    const found = effectiveSettings(definitions, above({ "model.yolox-nano.confidence": 0.5 }))
    expect(found).toContainEqual({ key: "model.yolox-nano.confidence", value: 0.5, origin: { level: "system" } })
  })
})

describe("a patch", () => {
  it("sets, takes away, and changes nothing else", () => {
    expect(patched({ a: 1, b: 2 }, { b: null, c: 3 })).toEqual({ a: 1, c: 3 })
    expect(patched({ a: 1 }, { b: null })).toEqual({ a: 1 })
  })

  it("is the same in another order", () => {
    expect(sameValues({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true)
    expect(sameValues({ a: 1 }, { a: 1, b: 2 })).toBe(false)
    expect(sameValues({ a: 1, b: 2 }, { a: 1, c: 2 })).toBe(false)
  })
})
