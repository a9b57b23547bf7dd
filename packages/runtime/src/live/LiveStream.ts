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

/** One camera's live pictures, shared by its viewers; reads the hub only while there is a viewer. */
export interface LiveStream {
  readonly join: (viewer: LiveViewer) => () => void
  readonly viewers: () => number
}

/** Pictures since the newest key frame that a new viewer gets at the most; a longer group of pictures makes it wait for the next one. */
const longestGroup = 600

export const makeLiveStream = (hub: Hub): LiveStream => {
  const viewers = new Set<LiveViewer>()
  let group: Array<LivePicture> = []
  let packetiser = new PicturePacketiser("h264")
  let playing = false
  let leave: (() => void) | undefined

  const describe = (description: SourceDescription | undefined) => {
    group = []
    const video = description?.tracks.find((track) => track.kind === "video")
    playing = video !== undefined && isPlayable(video.codec)
    packetiser = new PicturePacketiser("h264", video?.parameterSets)
  }

  const onAccessUnit = (unit: AccessUnit) => {
    if (unit.kind !== "video" || !playing) return
    if (unit.keyframe && !unit.damaged) group = []
    else if (group.length === 0) return
    if (group.length >= longestGroup) {
      group = []
      return
    }
    const picture = {
      payloads: packetiser.packetise(unit.units, unit.keyframe),
      timestamp: rtpTimestamp(unit.mediaTime),
      keyframe: unit.keyframe
    }
    group.push(picture)
    for (const viewer of viewers) viewer(picture)
  }

  return {
    join: (viewer) => {
      if (leave === undefined) {
        describe(hub.description())
        leave = hub.subscribe({ onAccessUnit, onDescription: describe }, "keyframe")
      }
      for (const picture of group) viewer(picture)
      viewers.add(viewer)
      return () => {
        viewers.delete(viewer)
        if (viewers.size > 0 || leave === undefined) return
        leave()
        leave = undefined
        group = []
      }
    },
    viewers: () => viewers.size
  }
}
