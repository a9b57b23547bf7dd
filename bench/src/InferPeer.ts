import { parentPort } from "node:worker_threads"
import { InferenceSession, Tensor } from "onnxruntime-node"

/** What the bare onnxruntime thread of the `infer` benchmark is told; it answers `Load` and `Run` with `"done"`. */
export type PeerRequest =
  | { readonly _tag: "Load"; readonly model: Uint8Array }
  | { readonly _tag: "Run"; readonly runs: number }
  | { readonly _tag: "Stop" }

let session: InferenceSession | undefined
const input = new Tensor("float32", new Float32Array(3 * 256 * 416).fill(114), [1, 3, 256, 416])

parentPort?.on("message", (request: PeerRequest) => {
  void serve(request)
})

const serve = async (request: PeerRequest): Promise<void> => {
  switch (request._tag) {
    case "Load":
      session = await InferenceSession.create(request.model, {
        intraOpNumThreads: 1,
        interOpNumThreads: 1,
        executionMode: "sequential"
      })
      return parentPort?.postMessage("done")
    case "Run":
      for (let run = 0; run < request.runs; run++) await session?.run({ images: input })
      return parentPort?.postMessage("done")
    case "Stop":
      await session?.release()
      return parentPort?.close()
  }
}
