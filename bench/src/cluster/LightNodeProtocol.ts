/** A cluster node whose cameras have no media: what it costs is the cluster alone. */
export interface LightNodeSettings {
  readonly name: string
  readonly cluster: string
  readonly natsUrl: string
  readonly databaseUrl: string
  /** For models, of which there are none. */
  readonly folder: string
  /** Milliseconds between two events of each camera; none without it. */
  readonly eventEvery?: number
  /** Logs what is only of use to find out what went wrong. */
  readonly verbose: boolean
}

/** Times are milliseconds since 1970 with fractions. */
export type FromLightNode =
  | { readonly type: "joined" }
  | { readonly type: "failed"; readonly detail: string }
  /** The actor of camera `camera` opened its source, or closed it. */
  | { readonly type: "opened" | "closed"; readonly camera: number; readonly at: number }
  /** The event store took these. */
  | { readonly type: "stored"; readonly entries: ReadonlyArray<StoredEvent> }
  /** The event store refused these: their actor's time is over. */
  | { readonly type: "refused"; readonly entries: ReadonlyArray<StoredEvent> }

export interface StoredEvent {
  readonly cameraId: string
  readonly sequence: number
  readonly epoch: number
}

export type ToLightNode = { readonly type: "start"; readonly settings: LightNodeSettings }

/** The address of a simulated camera says its number. */
export const lightCameraUrl = (camera: number): string => `rtsp://192.0.2.7/light/${camera}`

export const lightCameraNumber = (url: string): number => Number(url.slice(url.lastIndexOf("/") + 1))
