import { parentPort } from "node:worker_threads"
import { InferenceSession, Tensor } from "onnxruntime-node"

/** What a thread of the peer runs: the model, and how a picture lies in its input, at the top left. */
export interface PeerModel {
  readonly model: Uint8Array
  readonly picture: { readonly width: number; readonly height: number }
  readonly input: { readonly width: number; readonly height: number }
}

/** `Load` comes first; it and every `Run` are answered with `"done"`. */
export type DetectPeerRequest =
  | ({ readonly _tag: "Load" } & PeerModel)
  | { readonly _tag: "Run"; readonly bgr: Uint8Array }
  | { readonly _tag: "Stop" }

interface Loaded extends PeerModel {
  readonly session: InferenceSession
  readonly values: Float32Array
}

let loaded: Loaded | undefined

const pack = (bgr: Uint8Array, { input, picture, values }: Loaded): void => {
  const plane = input.width * input.height
  let from = 0
  for (let row = 0; row < picture.height; row++) {
    let to = row * input.width
    for (let column = 0; column < picture.width; column++, to++, from += 3) {
      values[to] = bgr[from] ?? 0
      values[to + plane] = bgr[from + 1] ?? 0
      values[to + 2 * plane] = bgr[from + 2] ?? 0
    }
  }
}

const serve = async (request: DetectPeerRequest): Promise<void> => {
  switch (request._tag) {
    case "Load": {
      const { input, model } = request
      const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential" } as const
      const session = await InferenceSession.create(model, options)
      loaded = { ...request, session, values: new Float32Array(3 * input.width * input.height).fill(114) }
      break
    }
    case "Run": {
      if (loaded === undefined) throw new Error("the model was not loaded")
      pack(request.bgr, loaded)
      const { input, session, values } = loaded
      await session.run({ images: new Tensor("float32", values, [1, 3, input.height, input.width]) })
      break
    }
    case "Stop": {
      await loaded?.session.release()
      return parentPort?.close()
    }
  }
  parentPort?.postMessage("done")
}

let last = Promise.resolve()
parentPort?.on("message", (request: DetectPeerRequest) => {
  last = last.then(() => serve(request))
})
