import { ModelVersion } from "@vigil/core/ModelVersion"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { versionWords } from "../../src/words/ModelWords.js"

const version = (change: Partial<typeof ModelVersion.Encoded>) =>
  Schema.decodeUnknownSync(ModelVersion)({
    tenantId: "00000000-0000-4000-8000-000000000001",
    model: "fork-lifts",
    version: "1.0",
    state: "uploading",
    active: false,
    bytes: 12_000_000,
    sha256: "0".repeat(64),
    hints: {},
    received: 12_000_000,
    descriptor: null,
    refusal: null,
    createdAt: "2026-11-21T12:00:00Z",
    checkedAt: null,
    ...change
  })

it("says how a version stands", () => {
  expect(versionWords(version({ received: 3_000_000 }))).toEqual(["3.0 MB of 12.0 MB here", "warn"])
  expect(versionWords(version({}))).toEqual(["Not checked yet", "warn"])
  expect(versionWords(version({ state: "ready" }))).toEqual(["Ready", "calm"])
  expect(versionWords(version({ state: "ready", active: true }))).toEqual(["Active", "good"])
  expect(versionWords(version({ state: "quarantined" }))).toEqual(["In quarantine", "bad"])
})
