import { readFile } from "node:fs/promises"
import { ModelSession } from "../inference/ModelSession.js"
import type { SessionModel } from "../inference/SessionModel.js"
import { ModelFault } from "./ModelFault.js"
import type { TestRunAnswer, TestRunRequest } from "./TestRun.js"

/** Entry of the process that tries a model; see `testRun`. */
const tryModel = async ({ file, model }: TestRunRequest): Promise<TestRunAnswer> => {
  try {
    const bytes = await readFile(file)
    await verify({ ...model, bytes, flexible: false })
    if (model.flexible) {
      await verify({ ...model, bytes }).catch((cause: unknown) => {
        if (!(cause instanceof ModelFault)) throw cause
      })
    }
    return { _tag: "Passed" }
  } catch (cause) {
    if (cause instanceof ModelFault) return { _tag: "Refused", reason: cause.reason, detail: cause.detail }
    return { _tag: "Refused", reason: "run", detail: cause instanceof Error ? cause.message : String(cause) }
  }
}

const verify = async (model: SessionModel): Promise<void> => {
  const session = await ModelSession.open(model)
  try {
    await session.verify()
  } finally {
    await session.release()
  }
}

process.once("message", (request: TestRunRequest) => {
  void tryModel(request).then((answer) => process.send?.(answer, () => process.disconnect()))
})
