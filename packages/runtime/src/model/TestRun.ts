import { type ModelDescriptor, ModelError } from "@vigil/core/Model"
import { Effect, Schema } from "effect"
import { resolve } from "node:path"
import { type SessionModel, sessionModel } from "../inference/SessionModel.js"
import { askSandboxed, defaultSandboxLimits, type SandboxLimits } from "./Sandbox.js"

/** What the child is asked to try; it reads the bytes from the file. */
export interface TestRunRequest {
  readonly file: string
  /** A flexible one is also tried with a smaller input. That it does not take one is no fault. */
  readonly model: Omit<SessionModel, "bytes">
}

const TestRunAnswer = Schema.Union(
  Schema.TaggedStruct("Passed", {}),
  Schema.TaggedStruct("Refused", { reason: ModelError.fields.reason, detail: Schema.String })
)
export type TestRunAnswer = typeof TestRunAnswer.Type

const decodeAnswer = Schema.decodeUnknown(TestRunAnswer)

/** Loads and runs a model once in a process without rights; see {@link askSandboxed}. Fails with `not-onnx`, `shape` or `run`. */
export const testRun = (
  descriptor: ModelDescriptor,
  file: string,
  mayShrink: boolean,
  limits: SandboxLimits = defaultSandboxLimits
): Effect.Effect<void, ModelError> => {
  const fail = (reason: ModelError["reason"], detail: string) =>
    Effect.fail(new ModelError({ model: descriptor.id, reason, detail }))
  const { bytes: _, ...model } = sessionModel(descriptor, new Uint8Array(), mayShrink, { provider: "cpu" })
  const request: TestRunRequest = { file: resolve(file), model }
  const program = new URL(import.meta.resolve("@vigil/runtime/model/TestRunProcess"))
  return askSandboxed({ program, request, files: [request.file], limits }).pipe(
    Effect.flatMap(decodeAnswer),
    Effect.matchEffect({
      onFailure: ({ message }) => fail("run", message),
      onSuccess: (answer) => (answer._tag === "Passed" ? Effect.void : fail(answer.reason, answer.detail))
    })
  )
}
