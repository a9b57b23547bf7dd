import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { SourceDescription, VideoCodec } from "@vigil/core/MediaTrack"
import type { Observation } from "@vigil/core/Observation"
import type { SourceErrorReason } from "@vigil/core/Source"
import type { DecodeDemand, NormalisedFrame } from "../MediaWorkers.js"
import type { EncodedPicture } from "./LiveEncoder.js"

/**
 * What node and media worker say to each other over the child process' IPC channel (structured clone). Decoders and demuxers are
 * named by numbers that the node gives out; a number is never used twice.
 */
export type ToWorker =
  | {
      readonly type: "open"
      readonly camera: number
      readonly codec: VideoCodec
      readonly parameterSets: ReadonlyArray<Uint8Array>
      readonly demand: DecodeDemand
    }
  | { readonly type: "configure"; readonly camera: number; readonly demand: DecodeDemand }
  | { readonly type: "push"; readonly camera: number; readonly unit: PushedUnit }
  | { readonly type: "snapshot"; readonly camera: number; readonly request: number; readonly key: PushedUnit | undefined }
  | { readonly type: "drain"; readonly camera: number; readonly request: number }
  | { readonly type: "close"; readonly camera: number }
  | { readonly type: "demux"; readonly demuxer: number; readonly input: DemuxerInput }
  | { readonly type: "read"; readonly demuxer: number }
  | { readonly type: "close-demuxer"; readonly demuxer: number }
  | { readonly type: "shutdown" }

export type FromWorker =
  | { readonly type: "ready" }
  /** Sent at short intervals: the process is alive, and these decoders and demuxers have been in one native call for too long. */
  | { readonly type: "alive"; readonly memory: number; readonly stuck: ReadonlyArray<number> }
  | { readonly type: "report"; readonly cameras: ReadonlyArray<CameraReport> }
  | { readonly type: "frame"; readonly camera: number; readonly frame: NormalisedFrame }
  | { readonly type: "live"; readonly camera: number; readonly picture: EncodedPicture }
  | {
      readonly type: "snapshot"
      readonly camera: number
      readonly request: number
      readonly jpeg: Uint8Array | undefined
      readonly detail: string
    }
  | { readonly type: "drained"; readonly camera: number; readonly request: number }
  /** For the log; without a camera, of the worker as a whole. */
  | { readonly type: "problem"; readonly camera: number | undefined; readonly detail: string }
  /** The process should be replaced. */
  | { readonly type: "worn-out"; readonly detail: string }
  | { readonly type: "demuxing"; readonly demuxer: number; readonly description: SourceDescription }
  | { readonly type: "units"; readonly demuxer: number; readonly units: ReadonlyArray<DemuxedUnit>; readonly end: boolean }
  | { readonly type: "demux-failed"; readonly demuxer: number; readonly reason: SourceErrorReason; readonly detail: string }

/**
 * An access unit on its way to a decoder.
 * - `decode`: it follows the one before;
 * - `catch-up`: likewise, but only so that a later one can be decoded: its picture is not looked at;
 * - `alone`: a key frame whose successors are not sent.
 */
export interface PushedUnit
  extends Pick<AccessUnit, "units" | "keyframe" | "mediaTime" | "wallTime" | "wallClockOrigin" | "received"> {
  readonly number: number
  readonly mode: "decode" | "catch-up" | "alone"
}

/** What happened to a camera since its last report; counts are differences. */
export interface CameraReport {
  readonly camera: number
  /** Access units that are done with. */
  readonly done: number
  readonly decoded: number
  readonly dropped: number
  readonly skipped: number
  readonly errors: number
  readonly inferences: number
  readonly inferencesDropped: number
  readonly observations: ReadonlyArray<Observation>
}

/** A file, or a device with the formats to ask it for, in that order. */
export type DemuxerInput =
  | { readonly kind: "file"; readonly path: string; readonly loop: boolean }
  | { readonly kind: "device"; readonly path: string; readonly formats: ReadonlyArray<string> }

/** An access unit as a demuxer gives it: without wall time, which is the node's business. */
export interface DemuxedUnit extends Pick<AccessUnit, "track" | "kind" | "units" | "keyframe" | "damaged" | "mediaTime"> {
  /** Decoding time in microseconds on the line of `mediaTime`: never goes back, so the unit is due then. */
  readonly due: number
}
