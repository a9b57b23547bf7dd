import { describe, expect, it } from "@effect/vitest"
import type { AnalyticContext, AnalyticInput } from "@vigil/core/Analytic"
import type { EventDraft } from "@vigil/core/EventPipeline"
import { Line, Zone } from "@vigil/core/geometry/Zone"
import { AnalyticId } from "@vigil/core/Ids"
import { AnalyticCatalogue } from "@vigil/core/port/AnalyticCatalogue"
import { settingDefinitions } from "@vigil/core/settings/SettingCatalogue"
import { layer, startAnalytic } from "@vigil/runtime/analytics/Analytics"
import { Effect, Either } from "effect"
import { luma, person, tracks } from "../material/Observations.js"

const gate = new Zone({
  name: "gate",
  polygon: [
    { x: 0.5, y: 0 },
    { x: 1, y: 0 },
    { x: 1, y: 1 },
    { x: 0.5, y: 1 }
  ]
})
const fence = new Line({ name: "fence", from: { x: 0.5, y: 1 }, to: { x: 0.5, y: 0 }, direction: "forward" })
const empty: AnalyticContext = { zones: [], lines: [] }

const every = (from: number, to: number, step: number, input: (seconds: number) => AnalyticInput) =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, index) => input(from + index * step))

const run = (
  analytic: string,
  inputs: ReadonlyArray<AnalyticInput>,
  settings: Record<string, unknown> = {},
  context = empty
): ReadonlyArray<EventDraft> => {
  const running = Either.getOrThrow(startAnalytic({ analytic: AnalyticId.make(analytic), settings }, context))
  return inputs.flatMap((input) => running.step(input))
}

describe("motion", () => {
  const moving =
    (area: number, box = { x: 400, y: 100, width: 80, height: 120 }) =>
    (seconds: number) =>
      luma(seconds, { motion: { area, regions: [box], settled: true } })

  it("is an event once enough moves for long enough", () => {
    expect(run("motion", every(0, 5, 0.2, moving(0.03)))).toHaveLength(1)
    expect(run("motion", every(0, 5, 0.2, moving(0.001)))).toHaveLength(0)
    expect(run("motion", [moving(0.03)(0), moving(0.03)(0.2), ...every(0.4, 5, 0.2, luma)])).toHaveLength(0)
  })

  it("does not count while the background is unsettled", () => {
    const flash = every(0, 3, 0.2, (seconds) => luma(seconds, { motion: { area: 0.9, regions: [], settled: false } }))
    expect(run("motion", flash)).toHaveLength(0)
  })

  it("looks only into its zones", () => {
    const context = { zones: [gate], lines: [] }
    expect(run("motion", every(0, 3, 0.2, moving(0.03)), { zones: ["gate"] }, context)[0]?.best.zone).toBe("gate")
    const left = moving(0.03, { x: 20, y: 100, width: 80, height: 120 })
    expect(run("motion", every(0, 3, 0.2, left), { zones: ["gate"] }, context)).toHaveLength(0)
  })

  it("says how motion is to be looked for", () => {
    const assignment = { analytic: AnalyticId.make("motion"), settings: { ignore: ["gate"], sensitivity: 0.8 } }
    const running = Either.getOrThrow(startAnalytic(assignment, { zones: [gate], lines: [] }))
    expect(running.motion).toEqual({ ignored: [gate], sensitivity: 0.8 })
  })
})

describe("tamper", () => {
  const usual = every(0, 10, 0.2, luma)
  const then = (changes: Parameters<typeof luma>[1]) => [...usual, ...every(10.2, 20, 0.2, (seconds) => luma(seconds, changes))]

  it.each([
    ["blackout", { mean: 4, deviation: 2, sharpness: 3, edgesKept: 0.02 }],
    ["cover", { mean: 60, deviation: 9, sharpness: 8, edgesKept: 0.05 }],
    ["defocus", { deviation: 40, sharpness: 30, edgesKept: 0.2 }],
    ["shift", { edgesKept: 0.15 }]
  ])("finds %s", (kind, changes) => {
    const drafts = run("tamper", then(changes))
    expect(drafts.map(({ best }) => best.detail)).toEqual([kind])
  })

  it("finds a frozen picture", () => {
    const still = [...usual, ...every(10.2, 25, 0.2, (seconds) => luma(seconds, { difference: 0 }))]
    expect(run("tamper", still).map(({ best }) => best.detail)).toEqual(["freeze"])
  })

  it("is quiet while the day passes and things move", () => {
    const day = every(0, 600, 0.2, (seconds) =>
      luma(seconds, {
        mean: 110 - seconds / 8,
        deviation: 48 - seconds / 40,
        sharpness: 420 - seconds / 5,
        edgesKept: 0.8 + 0.1 * Math.sin(seconds)
      })
    )
    expect(run("tamper", day)).toHaveLength(0)
  })

  it("learns a new scene instead of complaining for ever", () => {
    const moved = [...usual, ...every(10.2, 400, 0.2, (seconds) => luma(seconds, { edgesKept: seconds < 140 ? 0.1 : 0.97 }))]
    expect(run("tamper", moved)).toHaveLength(1)
  })
})

describe("intrusion", () => {
  const context = { zones: [gate], lines: [] }
  const walking = (speed: number, id = 1) =>
    every(0, 10, 0.2, (seconds) => tracks(seconds, person(id, 0.1 + speed * seconds, 0.8)))

  it("is an event when a person enters a zone, once", () => {
    const drafts = run("intrusion", walking(0.08), {}, context)
    expect(drafts).toHaveLength(1)
    expect(drafts[0]?.best).toMatchObject({ zone: "gate", detail: "enter", objectClass: "person", track: 1 })
  })

  it("leaves out who stays outside, other kinds of objects, and what is not confirmed", () => {
    expect(run("intrusion", walking(0.03), {}, context)).toHaveLength(0)
    const cars = every(0, 5, 0.2, (seconds) => tracks(seconds, person(1, 0.7, 0.8, { label: "car" })))
    expect(run("intrusion", cars, {}, context)).toHaveLength(0)
    const tentative = every(0, 5, 0.2, (seconds) => tracks(seconds, person(1, 0.7, 0.8, { state: "tentative" })))
    expect(run("intrusion", tentative, {}, context)).toHaveLength(0)
  })

  it("tells loitering from passing", () => {
    const drafts = run("intrusion", walking(0.08), { loiterAfter: 3_000 }, context)
    expect(drafts.map(({ best }) => best.detail)).toEqual(["enter", "loiter"])
  })

  it("sees a line crossed in its direction only", () => {
    const lines = { zones: [], lines: [fence] }
    const back = every(0, 10, 0.2, (seconds) => tracks(seconds, person(1, 0.9 - 0.08 * seconds, 0.8)))
    const crossings = [run("intrusion", walking(0.08), {}, lines), run("intrusion", back, {}, lines)]
    expect(crossings.map((drafts) => drafts.map(({ best }) => best.detail))).toEqual([["cross"], []])
  })

  it("watches the whole picture where nothing is drawn", () => {
    expect(run("intrusion", walking(0.01))).toHaveLength(1)
    expect(run("intrusion", walking(0.01), { wholePicture: false })).toHaveLength(0)
  })

  it("counts each person", () => {
    const two = every(0, 10, 0.2, (seconds) =>
      tracks(seconds, person(1, 0.1 + 0.08 * seconds, 0.8), person(2, 0.1 + 0.07 * seconds, 0.9))
    )
    expect(run("intrusion", two, {}, context)).toHaveLength(2)
  })
})

describe("startAnalytic", () => {
  it("refuses an unknown analytic and wrong settings with what is wrong", () => {
    const unknown = startAnalytic({ analytic: AnalyticId.make("mood"), settings: {} }, empty)
    expect(Either.getOrThrow(Either.flip(unknown)).message).toContain("there are motion, tamper, intrusion")
    const wrong = startAnalytic({ analytic: AnalyticId.make("motion"), settings: { minimumArea: 7, colour: "red" } }, empty)
    const message = Either.getOrThrow(Either.flip(wrong)).message
    expect(message).toContain("minimumArea")
    expect(message).toContain("colour")
    expect(message).not.toContain("\n")
  })

  it.effect("describes every analytic with the schema of its settings", () =>
    Effect.gen(function* () {
      const { list } = yield* AnalyticCatalogue
      expect(list.map(({ id }) => id)).toEqual(["motion", "tamper", "intrusion"])
      for (const { settings } of list) {
        expect(settings).toMatchObject({ type: "object", additionalProperties: false })
        expect(settings).toHaveProperty("properties.cooldown.default")
        expect(settings).toHaveProperty("properties.cooldown.description")
      }
      const byDefault = new Map((yield* settingDefinitions).map((known) => [known.key, known.default]))
      expect(["priority", "minHeight", "cooldown"].map((name) => byDefault.get(`analytic.intrusion.${name}`))).toEqual([
        "MEDIUM",
        480,
        30_000
      ])
    }).pipe(Effect.provide(layer))
  )
})
