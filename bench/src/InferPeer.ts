import { parentPort, workerData } from "node:worker_threads"
import { InferenceSession, Tensor } from "onnxruntime-node"

/** What the bare onnxruntime thread of the `infer` benchmark is told; it answers every `Run` with `"done"`. */
export type PeerRequest = { readonly _tag: "Run"; readonly runs: number } | { readonly _tag: "Stop" }

const model: Uint8Array = workerData
const session = InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential" })
const input = new Tensor("float32", new Float32Array(3 * 256 * 416).fill(114), [1, 3, 256, 416])

parentPort?.on("message", (request: PeerRequest) => {
  void serve(request)
})

const serve = async (request: PeerRequest): Promise<void> => {
  const opened = await session
  if (request._tag === "Stop") {
    await opened.release()
    return parentPort?.close()
  }
  for (let run = 0; run < request.runs; run++) await opened.run({ images: input })
  parentPort?.postMessage("done")
}
