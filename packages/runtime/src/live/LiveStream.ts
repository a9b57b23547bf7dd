import type { AccessUnit } from "@vigil/core/AccessUnit"
import type { SourceDescription, VideoCodec } from "@vigil/core/MediaTrack"
import { rtpTimestamp } from "@vigil/core/Overlay"
import type { Hub } from "../hub/Hub.js"
import { PicturePacketiser } from "../rtp/packetiser/PicturePacketiser.js"

/** Codecs that a browser plays over WebRTC as the camera sends them. */
export const isPlayable = (codec: VideoCodec): boolean => codec === "h264"

/** One picture, cut into RTP payloads once for all viewers. */
export interface LivePicture {
  readonly payloads: ReadonlyArray<Buffer>
  readonly timestamp: number
  readonly keyframe: boolean
}

/** Gets pictures in order, the first one a key frame. */
export type LiveViewer = (picture: LivePicture) => void

/**
 * One camera's live pictures, shared by its viewers; reads the hub only while there is a viewer. Of a camera with privacy masks it shows only what is
 * handed to it coded anew.
 */
export interface LiveStream {
  readonly join: (viewer: LiveViewer) => () => void
  readonly viewers: () => number
  /** From now on nothing of the camera's own stream is shown, or it is again; viewers stay. */
  readonly mask: (masked: boolean) => void
  readonly isMasked: () => boolean
  /** Somebody looks, and pictures have to be coded anew for them. */
  readonly needsCoding: () => boolean
  /** A picture that was coded anew. */
  readonly show: (picture: Pick<AccessUnit, "units" | "keyframe" | "mediaTime">) => void
}

/** Pictures since the newest key frame that a new viewer gets at the most; a longer group of pictures makes it wait for the next one. */
const longestGroup = 600

/** `onNeed` is called when {@link LiveStream.needsCoding} may answer differently. */
export const makeLiveStream = (hub: Hub, onNeed: () => void = () => undefined): LiveStream => {
  const viewers = new Set<LiveViewer>()
  let group: Array<LivePicture> = []
  let packetiser = new PicturePacketiser("h264")
  let playing = false
  let masked = false
  let leave: (() => void) | undefined

  const describe = (description: SourceDescription | undefined) => {
    group = []
    const video = description?.tracks.find((track) => track.kind === "video")
    playing = video !== undefined && isPlayable(video.codec)
    packetiser = new PicturePacketiser("h264", video?.parameterSets)
  }

  const add = ({ keyframe, mediaTime, units }: Pick<AccessUnit, "units" | "keyframe" | "mediaTime">, whole: boolean) => {
    if (keyframe && whole) group = []
    else if (group.length === 0) return
    if (group.length >= longestGroup) {
      group = []
      return
    }
    const picture = { payloads: packetiser.packetise(units, keyframe), timestamp: rtpTimestamp(mediaTime), keyframe }
    group.push(picture)
    for (const viewer of viewers) viewer(picture)
  }

  const onAccessUnit = (unit: AccessUnit) => {
    if (unit.kind === "video" && playing) add(unit, !unit.damaged)
  }

  const end = () => {
    leave?.()
    leave = undefined
    group = []
  }

  const begin = () => {
    end()
    if (viewers.size === 0) return
    if (masked) packetiser = new PicturePacketiser("h264")
    else {
      describe(hub.description())
      leave = hub.subscribe({ onAccessUnit, onDescription: describe }, "keyframe")
    }
  }

  return {
    join: (viewer) => {
      for (const picture of group) viewer(picture)
      viewers.add(viewer)
      if (viewers.size === 1) {
        begin()
        onNeed()
      }
      return () => {
        if (!viewers.delete(viewer) || viewers.size > 0) return
        end()
        onNeed()
      }
    },
    viewers: () => viewers.size,
    mask: (next) => {
      if (next === masked) return
      masked = next
      begin()
    },
    isMasked: () => masked,
    needsCoding: () => masked && viewers.size > 0,
    show: (picture) => {
      if (masked && viewers.size > 0) add(picture, true)
    }
  }
}
