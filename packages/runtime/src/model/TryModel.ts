import { ModelSession } from "../inference/ModelSession.js"
import type { SessionModel } from "../inference/SessionModel.js"
import { ModelFault } from "./ModelFault.js"

/** Loads and runs a model; rejects with a `ModelFault`. A flexible one is also tried with a smaller input; that it does not take one is no fault. */
export const tryModel = async (model: SessionModel): Promise<void> => {
  await verify({ ...model, flexible: false })
  if (!model.flexible) return
  await verify(model).catch((cause: unknown) => {
    if (!(cause instanceof ModelFault)) throw cause
  })
}

const verify = async (model: SessionModel): Promise<void> => {
  const session = await ModelSession.open(model)
  try {
    await session.verify()
  } finally {
    await session.release()
  }
}
