import type { NewCamera } from "@vigil/core/Camera"
import type { CameraState } from "@vigil/core/CameraState"
import type { PipelineStatistics } from "@vigil/core/CameraStatus"
import type { ModelDescriptor } from "@vigil/core/Model"

/** A model to install before the cameras start: the first is what cameras detect with that name none. */
export interface NodeModel {
  readonly descriptor: typeof ModelDescriptor.Encoded
  readonly file: string
}

/** What a runtime under measurement is to do. Cameras are numbered from 0 in the order in which they were added. */
export interface NodeSettings {
  readonly cameras: ReadonlyArray<typeof NewCamera.Encoded>
  readonly models: ReadonlyArray<NodeModel>
  /** A folder of its own, for models and the embedded database. */
  readonly folder: string
  readonly store: "memory" | "postgres"
  /** Milliseconds between samples of all statuses; none without it. */
  readonly sampleEvery?: number
  /** Serves WHEP at `POST /cameras/:n/whep`. */
  readonly whep?: boolean
}

/** One camera at one moment. */
export interface CameraSample {
  readonly camera: number
  readonly state: CameraState["_tag"]
  readonly epoch: number
  readonly packetsLost: number
  readonly pipeline: PipelineStatistics
}

/** One entry of the event log, without the event. */
export interface LoggedEvent {
  readonly camera: number
  readonly sequence: number
  readonly epoch: number
}

/** Times are milliseconds since 1970 with fractions; `at` is when it happened in the node. */
export type FromNode =
  | { readonly type: "ready"; readonly address: string | undefined }
  | { readonly type: "failed"; readonly detail: string }
  | {
      readonly type: "overlay"
      readonly camera: number
      readonly at: number
      readonly wallTime: number
      readonly mediaTime: number
      readonly tracks: number
    }
  | ({ readonly type: "event"; readonly at: number } & LoggedEvent)
  | { readonly type: "sample"; readonly at: number; readonly cameras: ReadonlyArray<CameraSample> }
  | { readonly type: "log"; readonly entries: ReadonlyArray<LoggedEvent> }

export type ToNode =
  | { readonly type: "start"; readonly settings: NodeSettings }
  | { readonly type: "add"; readonly cameras: NodeSettings["cameras"] }
  | { readonly type: "enable"; readonly camera: number; readonly enabled: boolean }
  | { readonly type: "restart"; readonly camera: number }
  /** Asks for everything in the event log, newest first. */
  | { readonly type: "log" }
  | { readonly type: "stop" }

/** Milliseconds since 1970, with fractions: comparable between the processes of one machine. */
export const wallClock = (): number => performance.timeOrigin + performance.now()
