import { ModelDescriptor, ModelError } from "@vigil/core/Model"
import type { ModelVerdict, ModelVersion } from "@vigil/core/ModelVersion"
import { Effect, Either, Schema } from "effect"
import { resolve } from "node:path"
import type { ModelAnnouncement } from "./DescribeModel.js"
import { askSandboxed, defaultSandboxLimits, type SandboxLimits } from "./Sandbox.js"

/** What the child is asked to look at. */
export interface InspectionRequest extends ModelAnnouncement {
  readonly file: string
}

const InspectionAnswer = Schema.Union(
  Schema.TaggedStruct("Described", { descriptor: ModelDescriptor }),
  Schema.TaggedStruct("Refused", { reason: ModelError.fields.reason, detail: Schema.String })
)
export type InspectionAnswer = typeof InspectionAnswer.Encoded

const decodeAnswer = Schema.decodeUnknown(InspectionAnswer)

const longestDetail = 2000

/**
 * Reads the structure and operators of a file and runs it once, all in a process without rights; see {@link askSandboxed}. What the process answers is believed as little as the
 * file.
 */
export const inspectModel = (
  { bytes, hints, model, sha256, version }: ModelVersion,
  file: string,
  limits: SandboxLimits = defaultSandboxLimits
): Effect.Effect<ModelVerdict> => {
  const refuse = (reason: ModelError["reason"], detail: string): ModelVerdict =>
    Either.left({ reason, detail: detail.slice(0, longestDetail) })
  const request: InspectionRequest = { id: model, version, title: model, hints, sha256, file: resolve(file) }
  const program = new URL(import.meta.resolve("@vigil/runtime/model/InspectProcess"))
  return askSandboxed({ program, request, files: [request.file], limits }).pipe(
    Effect.flatMap(decodeAnswer),
    Effect.match({
      onFailure: ({ message }) => refuse("run", message),
      onSuccess: (answer) =>
        answer._tag === "Refused"
          ? refuse(answer.reason, answer.detail)
          : Either.right(ModelDescriptor.make({ ...answer.descriptor, id: model, version, sha256, bytes }))
    })
  )
}
