import { type QueryClient, useQueryClient } from "@tanstack/react-query"
import type { CameraId, Epoch } from "@vigil/core/Ids"
import { Effect, Stream } from "effect"
import { type RefObject, useEffect, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { makeOverlayBuffer } from "./OverlayBuffer.js"
import { drawOverlay } from "./OverlayDrawing.js"
import { type PlayerState, playWhep } from "./WhepPlayer.js"

/** For a camera that was removed, or is out of this user's reach now. */
const reloadCameras = (queries: QueryClient) => queries.invalidateQueries({ queryKey: ["cameras"] })

/**
 * Plays the camera into the element while `active`; `undefined` while it does not. Another `epoch` is another actor, maybe on another node: the view is
 * asked for again.
 */
export const useLivePlayer = (
  video: RefObject<HTMLVideoElement | null>,
  id: CameraId,
  epoch: Epoch | undefined,
  active: boolean
): PlayerState | undefined => {
  const queries = useQueryClient()
  const [state, setState] = useState<PlayerState>()
  useEffect(() => {
    if (!active || video.current === null) return
    const stop = playWhep({
      path: `/api/v1/cameras/${id}/whep`,
      video: video.current,
      onState: (next) => {
        setState(next)
        if (next._tag === "Refused" && next.kind === "camera-not-found") void reloadCameras(queries)
      }
    })
    return () => {
      stop()
      setState(undefined)
    }
  }, [video, id, epoch, active, queries])
  return state
}

/** `VideoFrameCallbackMetadata` as the WebRTC part of its specification completes it. */
const rtpTimestampOf = (metadata: VideoFrameCallbackMetadata): number | undefined => metadata.rtpTimestamp

/**
 * Draws the camera's tracks over each frame as it is shown. The canvas tells in `data-boxes` how many boxes the last drawn frame has.
 */
export const useOverlays = (
  video: RefObject<HTMLVideoElement | null>,
  canvas: RefObject<HTMLCanvasElement | null>,
  id: CameraId,
  active: boolean
): void => {
  const client = useClient()
  const queries = useQueryClient()
  useEffect(() => {
    const element = video.current
    const surface = canvas.current
    if (!active || element === null || surface === null) return
    const buffer = makeOverlayBuffer()
    const stop = client.watch(
      (rpc) =>
        rpc.WatchOverlays({ id }).pipe(
          Stream.tapError(({ _tag }) => {
            // Out of reach or removed: told here at once, while the picture only stands still.
            return _tag === "CameraNotFound" ? Effect.sync(() => void reloadCameras(queries)) : Effect.void
          })
        ),
      (overlay) => buffer.push(overlay, performance.now())
    )
    let request = 0
    const draw = (now: number, metadata: VideoFrameCallbackMetadata) => {
      surface.dataset["boxes"] = String(drawOverlay(surface, buffer.at(rtpTimestampOf(metadata), now)))
      request = element.requestVideoFrameCallback(draw)
    }
    request = element.requestVideoFrameCallback(draw)
    return () => {
      stop()
      element.cancelVideoFrameCallback(request)
      drawOverlay(surface, undefined)
      surface.dataset["boxes"] = "0"
    }
  }, [client, queries, video, canvas, id, active])
}
