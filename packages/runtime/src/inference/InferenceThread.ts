import { parentPort } from "node:worker_threads"
import { ModelFault } from "../model/ModelFault.js"
import { ModelSession } from "./ModelSession.js"
import type { SessionModel } from "./SessionModel.js"
import type { ThreadAnswer, ThreadRequest } from "./ThreadProtocol.js"

/** Entry of an inference thread: one request after the other, for a run blocks the thread anyway. */
const serve = (port: NonNullable<typeof parentPort>): void => {
  const sessions = new Map<string, ModelSession>()
  let memory: Uint8Array = new Uint8Array()

  const open = async (key: string, model: SessionModel | undefined): Promise<ModelSession> => {
    const known = sessions.get(key)
    if (known !== undefined) return known
    if (model === undefined) throw new Error(`model ${key} was never sent to this thread`)
    const session = await ModelSession.open(model)
    sessions.set(key, session)
    return session
  }

  const release = async (key: string): Promise<void> => {
    const session = sessions.get(key)
    sessions.delete(key)
    await session?.release()
  }

  const verify = async (key: string, model: SessionModel): Promise<ThreadAnswer> => {
    try {
      const session = await open(key, model)
      await session.verify()
      return { _tag: "Verified", flexible: model.flexible, note: session.note }
    } catch (cause) {
      await release(key)
      if (!model.flexible) return failed(cause)
      return verify(key, { ...model, flexible: false })
    }
  }

  const run = async (request: ThreadRequest & { readonly _tag: "Run" }): Promise<ThreadAnswer> => {
    if (request.memory !== undefined) memory = new Uint8Array(request.memory)
    try {
      const session = await open(request.key, request.model)
      const started = performance.now()
      const detections = await session.infer(memory, request.picture, request.source)
      return { _tag: "Ran", detections, ran: performance.now() - started }
    } catch (cause) {
      return failed(cause)
    }
  }

  const answer = async (request: ThreadRequest): Promise<void> => {
    switch (request._tag) {
      case "Verify":
        return port.postMessage(await verify(request.key, request.model))
      case "Run":
        return port.postMessage(await run(request))
      case "Release":
        return release(request.key)
      case "Stop": {
        for (const key of [...sessions.keys()]) await release(key)
        return port.close()
      }
    }
  }

  let last: Promise<void> = Promise.resolve()
  port.on("message", (request: ThreadRequest) => {
    last = last.then(() => answer(request))
  })
}

const failed = (cause: unknown): ThreadAnswer =>
  cause instanceof ModelFault
    ? { _tag: "Failed", reason: cause.reason, detail: cause.detail }
    : { _tag: "Failed", reason: "run", detail: cause instanceof Error ? cause.message : String(cause) }

if (parentPort !== null) serve(parentPort)
