import { Either } from "effect"
import { expect, it } from "vitest"
import { modelIdOf, modelUpload } from "../../src/form/ModelDraft.js"

it("offers a file's name as the model's id", () => {
  expect(["Fork Lifts v2.onnx", "yolov8n.ONNX", "__ä__", `${"x".repeat(80)}.onnx`].map(modelIdOf)).toEqual([
    "fork-lifts-v2",
    "yolov8n",
    "",
    "x".repeat(64)
  ])
})

it("takes an id, a version and what the file does not tell, or says what is wrong with each", () => {
  const fits = modelUpload({ model: "fork-lifts", version: "1.0", hints: '{"title": "Fork lifts"}' })
  expect(Either.getOrThrow(fits)).toEqual({ model: "fork-lifts", version: "1.0", hints: { title: "Fork lifts" } })
  expect(Either.isRight(modelUpload({ model: "fork-lifts", version: "1.0", hints: " " }))).toBe(true)
  const wrong = Either.flip(modelUpload({ model: "Fork lifts", version: "", hints: '{"labels": []}' }))
  expect(Object.keys(Either.getOrThrow(wrong))).toEqual(["model", "version", "hints"])
  expect(Either.getOrThrow(Either.flip(modelUpload({ model: "a", version: "1", hints: "{" }))).hints).toContain("JSON")
  expect(Either.getOrThrow(Either.flip(modelUpload({ model: "a", version: "1", hints: '{"colour": 1}' }))).hints).toContain(
    "colour"
  )
})
