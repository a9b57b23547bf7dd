import { CameraState } from "@vigil/core/CameraState"
import { SourceErrorReason } from "@vigil/core/Source"
import { DateTime } from "effect"
import { wallTime } from "@vigil/core/Time"
import { describe, expect, it } from "vitest"
import { offlineReason, stateOf, stateWords } from "../../src/words/CameraWords.js"

const failure = { reason: "unauthorized", detail: "DESCRIBE answered 401" } as const
const since = wallTime(1_000_000)

const states: ReadonlyArray<CameraState> = [
  { _tag: "Disabled", since },
  { _tag: "Connecting", since, failures: 0 },
  { _tag: "Connecting", since, failures: 2, failure },
  { _tag: "Streaming", since },
  { _tag: "Stalled", since },
  { _tag: "BackingOff", since, failures: 2, failure, retryAt: wallTime(1_008_000) },
  { _tag: "Failed", since, failures: 2, failure, retryAt: wallTime(1_300_000) }
]

it("speaks of every state", () => {
  expect(new Set(states.map(({ _tag }) => _tag)).size).toBe(CameraState.members.length)
  expect(states.map((state) => stateWords(state, 1_002_000).badge)).toEqual([
    "Off",
    "Connecting",
    "Reconnecting",
    "Live",
    "Stalled",
    "Offline",
    "Needs attention"
  ])
})

describe("a camera that is away", () => {
  it("says why, what to do and when it is tried again", () => {
    const words = stateWords(states[5], 1_002_000)
    expect(words.sentence).toBe("The camera refuses the user name or password: DESCRIBE answered 401. Next attempt in 6 s.")
    expect(words.advice).toContain("user name and password")
  })

  it("has advice for every reason", () => {
    for (const reason of SourceErrorReason.literals) {
      const words = stateWords({ _tag: "Failed", since, failures: 1, failure: { reason, detail: "x" }, retryAt: since }, 0)
      expect(words.advice?.length).toBeGreaterThan(10)
      expect(
        offlineReason({ _tag: "Failed", since, failures: 1, failure: { reason, detail: "x" }, retryAt: since })
      ).toBeDefined()
    }
  })
})

it("puts nothing over the picture of a camera that streams or is opened for the first time", () => {
  expect(offlineReason(states[3])).toBeUndefined()
  expect(offlineReason(states[1])).toBeUndefined()
  expect(offlineReason(undefined)).toBeUndefined()
})

it("calls a camera off that nobody wants, before anything is reported of it", () => {
  const updatedAt = DateTime.unsafeMake(since)
  expect(stateOf({ enabled: false, updatedAt }, undefined)).toEqual({ _tag: "Disabled", since })
  expect(stateOf({ enabled: true, updatedAt }, undefined)).toBeUndefined()
  expect(stateOf({ enabled: true, updatedAt }, { state: { _tag: "Streaming", since } })).toEqual({ _tag: "Streaming", since })
})
