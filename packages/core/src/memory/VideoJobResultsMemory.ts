import { Effect, Layer, Mailbox } from "effect"
import type { CameraId } from "../Ids.js"
import { VideoJobResults } from "../port/VideoJobResults.js"
import type { VideoJobResult } from "../VideoJobResult.js"

/** Results that a follower may be behind. */
const capacity = 256
/** Results that are remembered, to know a second one for the same job and model. */
const mostKnown = 4096

const defaultLimit = 60_000

/** Results within this process. */
const makeVideoJobResultsMemory = (limit = defaultLimit): typeof VideoJobResults.Service => {
  const followers = new Map<Mailbox.Mailbox<VideoJobResult>, CameraId>()
  const known = new Set<string>()

  const isNew = ({ jobId, model }: VideoJobResult): boolean => {
    const key = `${jobId}/${model}`
    if (known.has(key)) return false
    known.add(key)
    const [oldest] = known
    if (known.size > mostKnown && oldest !== undefined) known.delete(oldest)
    return true
  }

  return {
    limit,
    publish: (result) =>
      Effect.sync(() => {
        if (!isNew(result)) return
        for (const [mailbox, cameraId] of followers) if (cameraId === result.cameraId) mailbox.unsafeOffer(result)
      }),
    follow: (cameraId) =>
      Effect.gen(function* () {
        const mailbox = yield* Mailbox.make<VideoJobResult>({ capacity, strategy: "sliding" })
        yield* Effect.acquireRelease(
          Effect.sync(() => followers.set(mailbox, cameraId)),
          () => Effect.sync(() => followers.delete(mailbox)).pipe(Effect.zipRight(mailbox.shutdown))
        )
        return Mailbox.toStream(mailbox)
      })
  }
}

export const layerVideoJobResultsMemory: Layer.Layer<VideoJobResults> = Layer.sync(VideoJobResults, () =>
  makeVideoJobResultsMemory()
)
