import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { Zone } from "@vigil/core/geometry/Zone"
import type { CameraId } from "@vigil/core/Ids"
import type { VideoTrack } from "@vigil/core/MediaTrack"
import type { Observation } from "@vigil/core/Observation"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import type { NoPicture } from "@vigil/core/port/CameraControl"
import type { Priority } from "@vigil/core/Priority"
import type { AccessUnitSink, OpenSource, SourceConfig, SourceError } from "@vigil/core/Source"
import type { Effect, Scope } from "effect"
import { Context } from "effect"
import type { EncodedPicture } from "./worker/LiveEncoder.js"

/** A detector that runs on a camera's frames. */
export interface DetectorDemand {
  readonly model: InstalledModel
  readonly priority: Priority
  /** Frames a second at the most. */
  readonly framesPerSecond: number
  /** `motion` runs only while something moves, and three seconds after. */
  readonly gate: "motion" | "always"
}

/** Full frames for whoever asked for them: pixels leave the worker, so nobody does by default. */
export interface FrameDemand {
  readonly width: number
  readonly height: number
  readonly fit: "letterbox" | "crop" | "stretch"
  readonly format: "rgb24" | "bgr24" | "gray8"
  /** Frames a second at the most. */
  readonly framesPerSecond: number
}

/** What somebody downstream asked for; nothing else is decoded, scaled or copied. */
export interface DecodeDemand {
  /** Luma statistics and motion at this many frames a second at the most; absent: none. */
  readonly luma?: { readonly framesPerSecond: number; readonly ignored: ReadonlyArray<Zone>; readonly sensitivity: number }
  readonly detectors: ReadonlyArray<DetectorDemand>
  readonly frames?: FrameDemand
  /** Every picture coded anew, for viewers who may not have the camera's own stream. */
  readonly live?: boolean
  /** Parts of the picture that are burnt out before anything looks at it, snapshots too. */
  readonly masks: ReadonlyArray<Zone>
  /**
   * `idle-when-quiet` decodes key frames only until packet sizes or motion wake it; `full` decodes every access unit; `lossless` drops
   * no frame and no inference that is due either, and lets `push` wait instead (for files that are analysed as fast as possible).
   */
  readonly rate: "idle-when-quiet" | "full" | "lossless"
}

/** A frame as {@link FrameDemand} asked for it; `data` is packed, without padding between lines. */
export interface NormalisedFrame {
  readonly frame: Observation["frame"]
  readonly width: number
  readonly height: number
  readonly format: FrameDemand["format"]
  readonly data: Uint8Array
}

/** Counted since the decoder was opened, over all restarts of its worker. */
export interface DecoderStatistics {
  readonly decoded: number
  /** Access units lost because the decoder was behind, waited for a key frame, or its worker was restarting. */
  readonly dropped: number
  /** Access units passed over on purpose. */
  readonly skipped: number
  readonly errors: number
  readonly inferences: number
  readonly inferencesDropped: number
  /** Times its worker died or hung and was replaced. */
  readonly restarts: number
}

/** Called in order, on the node's event loop; must return quickly. */
export interface DecoderListener {
  readonly onObservation: (observation: Observation) => void
  readonly onFrame?: (frame: NormalisedFrame) => void
  readonly onLive?: (picture: EncodedPicture) => void
}

/** One camera's decoder in some media worker. */
export interface CameraDecoder {
  /**
   * Takes an access unit of the video track. Returns a promise only when the decoder is behind: a source that can wait waits for it; for
   * one that cannot, access units up to the next key frame are dropped and counted once the bounded queue is full.
   */
  readonly push: (unit: AccessUnit) => void | Promise<void>
  readonly configure: (demand: DecodeDemand) => void
  /** The newest decodable picture as JPEG. */
  readonly snapshot: Effect.Effect<Uint8Array, NoPicture>
  /** Waits until everything that was pushed has been decoded and inferred, and its observations were delivered. */
  readonly drain: Effect.Effect<void>
  readonly statistics: () => DecoderStatistics
}

export interface WorkerHealth {
  readonly worker: number
  /** Absent while it waits to be restarted. */
  readonly pid?: number | undefined
  readonly cameras: number
  /** Bytes of resident memory. */
  readonly memory: number
  readonly restarts: number
}

/**
 * The node's media worker processes. Native code (FFmpeg, ONNX Runtime) runs only there; a crash, a hang or memory over the limit
 * costs the worker's cameras a restart from their next key frame, and nothing else.
 */
export class MediaWorkers extends Context.Tag("@vigil/runtime/MediaWorkers")<
  MediaWorkers,
  {
    /** Opens a decoder until the scope closes. */
    readonly openDecoder: (
      cameraId: CameraId,
      track: VideoTrack,
      demand: DecodeDemand,
      listener: DecoderListener
    ) => Effect.Effect<CameraDecoder, never, Scope.Scope>
    /** Demuxes a file or a capture device inside a worker; used by the `file` and `v4l2` sources. */
    readonly openDemuxer: (config: SourceConfig, sink: AccessUnitSink) => Effect.Effect<OpenSource, SourceError, Scope.Scope>
    readonly health: Effect.Effect<ReadonlyArray<WorkerHealth>>
  }
>() {}
