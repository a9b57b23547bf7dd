import type { SourceKind } from "@vigil/core/Source"
import type { Context } from "effect"
import type { MediaWorkers } from "../../media/MediaWorkers.js"

/**
 * Video files (`file:///path`): MP4, Matroska, AVI, MPEG-TS and raw H.264, H.265 and MJPEG streams, with their audio where cameras could send
 * it. Played at the pace of their time stamps or as fast as the sink takes them, once or over and over. Ends with what could be read of
 * a file that is cut off; fails with `unreachable` (no such file) or `unsupported` (no video that can be read).
 */
export const fileSource = (workers: Context.Tag.Service<MediaWorkers>): SourceKind => ({
  schemes: ["file"],
  open: workers.openDemuxer
})
