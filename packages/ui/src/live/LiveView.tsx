import type { Camera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { type ReactNode, useRef } from "react"
import { useCameraStatus } from "../client/ClientContext.js"
import { Spinner } from "../component/Button.js"
import { offlineReason } from "../words/CameraWords.js"
import { useLivePlayer, useOverlays } from "./LivePlayer.js"
import { Shapes } from "./Shapes.js"
import { Poster } from "./Snapshot.js"
import { useLinger, useOnScreen } from "./Visibility.js"
import type { PlayerState } from "./WhepPlayer.js"

/** What the view shows instead of, or over, the picture. */
type Veil =
  | { readonly _tag: "None" }
  | { readonly _tag: "Connecting" }
  | { readonly _tag: "Offline"; readonly reason: string }
  | { readonly _tag: "Refused"; readonly title: string; readonly detail: string }

const videoTrack = (status: CameraStatus | undefined) => status?.description?.tracks.find((track) => track.kind === "video")

const notPlayable: Readonly<Record<string, string>> = {
  h264: "This H.264 does not play in this browser",
  h265: "H.265 does not play in this browser",
  mjpeg: "Motion JPEG has no live view"
}

const refused = ({ kind, detail }: Extract<PlayerState, { _tag: "Refused" }>, codec: string): Veil =>
  kind === "live-view-codec"
    ? {
        _tag: "Refused",
        title: notPlayable[codec] ?? "The camera's codec does not play in this browser",
        detail: "Use the camera's H.264 stream for live video. Analysis goes on."
      }
    : { _tag: "Refused", title: "No live view", detail }

const veilOf = (camera: Camera, status: CameraStatus | undefined, player: PlayerState | undefined): Veil => {
  if (!camera.enabled) return { _tag: "Offline", reason: "Switched off" }
  const reason = offlineReason(status?.state)
  if (reason !== undefined) return { _tag: "Offline", reason }
  if (player?._tag === "Playing") return { _tag: "None" }
  if (player?._tag === "Refused") return refused(player, videoTrack(status)?.codec ?? "")
  return { _tag: "Connecting" }
}

/** Of the camera's picture; unknown until its first frames told it. */
export const pictureSize = (status: CameraStatus | undefined): Size | undefined => {
  const track = videoTrack(status)
  return track?.width !== undefined && track.height !== undefined ? { width: track.width, height: track.height } : undefined
}

const Message = ({ children }: { readonly children: ReactNode }) => (
  <div className="absolute inset-0 grid place-items-center p-3 text-center">
    <div className="max-w-xs rounded-lg bg-ground/85 px-3 py-2 text-[13px]">{children}</div>
  </div>
)

const VeilMessage = ({ veil }: { readonly veil: Veil }) => {
  switch (veil._tag) {
    case "None":
      return null
    case "Connecting":
      return (
        <Message>
          <span className="inline-flex items-center gap-2 text-soft">
            <Spinner /> Connecting
          </span>
        </Message>
      )
    case "Offline":
      return (
        <Message>
          <span className="text-muted">Camera offline</span>
          <br />
          {veil.reason}
        </Message>
      )
    case "Refused":
      return (
        <Message>
          {veil.title}
          <br />
          <span className="text-muted">{veil.detail}</span>
        </Message>
      )
  }
}

/** A camera's live picture with its tracks, zones and lines drawn over it; plays only while it is on the screen. */
export const LiveView = ({
  camera,
  shapes = false,
  children
}: {
  readonly camera: Camera
  readonly shapes?: boolean
  readonly children?: ReactNode
}) => {
  const frame = useRef<HTMLDivElement>(null)
  const video = useRef<HTMLVideoElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const status = useCameraStatus(camera.id)
  const onScreen = useOnScreen(frame)
  const streams = useLinger(status?.state._tag === "Streaming" || status?.state._tag === "Stalled", 20_000)
  const player = useLivePlayer(video, camera.id, status?.epoch, onScreen && camera.enabled && streams)
  useOverlays(video, canvas, camera.id, onScreen && player?._tag === "Playing")
  const veil = veilOf(camera, status, player)
  return (
    <div
      ref={frame}
      className="absolute inset-0 overflow-hidden bg-black"
      data-testid="live-view"
      data-state={veil._tag.toLowerCase()}
    >
      {veil._tag !== "None" && <Poster id={camera.id} />}
      <video
        ref={video}
        muted
        playsInline
        autoPlay
        disablePictureInPicture
        aria-label={`Live picture of ${camera.name}`}
        className="absolute inset-0 size-full object-contain"
      />
      {shapes && <Shapes zones={camera.zones} lines={camera.lines} size={pictureSize(status) ?? { width: 16, height: 9 }} />}
      <canvas
        ref={canvas}
        className="pointer-events-none absolute inset-0 size-full"
        data-testid="overlay"
        data-boxes="0"
        aria-hidden="true"
      />
      <VeilMessage veil={veil} />
      {children}
    </div>
  )
}
