import { Link } from "@tanstack/react-router"
import type { Camera } from "@vigil/core/Camera"
import { memo } from "react"
import { useCameraStatus } from "../client/ClientContext.js"
import { LiveView } from "../live/LiveView.js"
import { stateOf } from "../words/CameraWords.js"
import { framesPerSecond } from "../words/Units.js"
import { StateBadge } from "./Badge.js"

/** One camera of the grid: its live picture, name, state and rate; leads to the camera's page. */
export const CameraTile = memo(({ camera }: { readonly camera: Camera }) => {
  const status = useCameraStatus(camera.id)
  const rate = status?.state._tag === "Streaming" ? framesPerSecond(status.source.framesPerSecond) : "–"
  return (
    <Link
      to="/cameras/$id"
      params={{ id: camera.id }}
      data-testid="camera-tile"
      data-camera={camera.id}
      className="panel group block overflow-hidden hover:border-edge/70"
    >
      <div className="relative aspect-video">
        <LiveView camera={camera}>
          <span className="absolute top-2 left-2">
            <StateBadge state={stateOf(camera, status)} />
          </span>
        </LiveView>
      </div>
      <div className="flex h-10 items-center gap-3 px-3">
        <span className="min-w-0 flex-1 truncate font-medium" title={camera.name}>
          {camera.name}
        </span>
        <span className="tabular text-[13px] text-muted" data-testid="fps">
          {rate}
        </span>
      </div>
    </Link>
  )
})
