import { readFile } from "node:fs/promises"
import { ModelDescriptor } from "@vigil/core/Model"
import { Either, Schema } from "effect"
import { sessionModel } from "../inference/SessionModel.js"
import { checkModel, descriptorFault, mayShrink } from "./CheckModel.js"
import { describeBytes } from "./DescribeModel.js"
import type { InspectionAnswer, InspectionRequest } from "./InspectModel.js"
import { answerOnce } from "./SandboxProgram.js"
import { ModelFault } from "./ModelFault.js"
import { tryModel } from "./TryModel.js"

const orThrow = Either.getOrThrowWith((fault: ModelFault) => fault)

/** Entry of the process that looks at a file somebody sent; see `inspectModel`. */
const inspect = async ({ file, ...announcement }: InspectionRequest): Promise<InspectionAnswer> => {
  const bytes = await readFile(file)
  const descriptor = orThrow(describeBytes(announcement, bytes))
  const wrong = descriptorFault(descriptor)
  if (wrong !== undefined) throw wrong
  const onnx = orThrow(checkModel(descriptor, bytes))
  await tryModel(sessionModel(descriptor, bytes, mayShrink(descriptor, onnx), { provider: "cpu" }))
  return { _tag: "Described", descriptor: Schema.encodeSync(ModelDescriptor)(descriptor) }
}

const refusal = (cause: unknown): InspectionAnswer => {
  if (cause instanceof ModelFault) return { _tag: "Refused", reason: cause.reason, detail: cause.detail }
  return { _tag: "Refused", reason: "run", detail: cause instanceof Error ? cause.message : String(cause) }
}

answerOnce((request: InspectionRequest) => inspect(request).catch(refusal))
