import { Context } from "effect"
import type { Effect, Scope, Stream } from "effect"
import type { CameraId } from "../Ids.js"
import type { VideoJobResult } from "../VideoJobResult.js"
import type { VideoJobQueueUnavailable } from "./VideoJobQueue.js"

/** Brings results of VideoJobs back to the camera's actor, wherever that runs. */
export class VideoJobResults extends Context.Tag("@vigil/core/VideoJobResults")<
  VideoJobResults,
  {
    /** Returns once the result is kept. A second result for the same job and model is taken for the first one and goes nowhere. */
    readonly publish: (result: VideoJobResult) => Effect.Effect<void, VideoJobQueueUnavailable>
    /** Milliseconds from a job's publication after which nobody waits for its result any more. */
    readonly limit: number
    /**
     * Results of one camera from now on, in the order of their publication; subscribed when the effect returns. Outages are waited for; the stream ends with
     * its scope only. A follower that is slow loses its oldest ones.
     */
    readonly follow: (cameraId: CameraId) => Effect.Effect<Stream.Stream<VideoJobResult>, VideoJobQueueUnavailable, Scope.Scope>
  }
>() {}
