import { readFile } from "node:fs/promises"
import { tryModel } from "./TryModel.js"
import { ModelFault } from "./ModelFault.js"
import { answerOnce } from "./SandboxProgram.js"
import type { TestRunAnswer, TestRunRequest } from "./TestRun.js"

/** Entry of the process that tries a model; see `testRun`. */
const answer = async ({ file, model }: TestRunRequest): Promise<TestRunAnswer> => {
  try {
    await tryModel({ ...model, bytes: await readFile(file) })
    return { _tag: "Passed" }
  } catch (cause) {
    if (cause instanceof ModelFault) return { _tag: "Refused", reason: cause.reason, detail: cause.detail }
    return { _tag: "Refused", reason: "run", detail: cause instanceof Error ? cause.message : String(cause) }
  }
}

answerOnce(answer)
