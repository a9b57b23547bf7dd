import type { SourceKind } from "@vigil/core/Source"
import type { Context } from "effect"
import type { MediaWorkers } from "../../media/MediaWorkers.js"

/**
 * USB cameras (`v4l2:///dev/video0`) that give H.264 or motion JPEG, asked for in this order. Fails with `unreachable` (no such device),
 * `unsupported` (not a capture device) or `device` (none of the formats, or busy).
 */
export const v4l2Source = (workers: Context.Tag.Service<MediaWorkers>): SourceKind => ({
  schemes: ["v4l2"],
  open: workers.openDemuxer
})
