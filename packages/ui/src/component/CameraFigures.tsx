import type { CameraStatus } from "@vigil/core/CameraStatus"
import { trackWords } from "../words/TrackWords.js"
import { bitrate, bytes, count, framesPerSecond, loss, milliseconds } from "../words/Units.js"
import { Figures } from "./Figures.js"

/** Everything that is measured of a camera. */
export const CameraFigures = ({
  status: { description, source, pipeline, viewers, node }
}: {
  readonly status: CameraStatus
}) => (
  <div className="divide-y divide-line" data-testid="figures">
    <Figures
      title="Stream"
      rows={[
        ...(description?.tracks.map((track) => [track.kind === "video" ? "Video" : "Audio", trackWords(track)] as const) ?? []),
        ["Bitrate", bitrate(source.bitrate)],
        ["Frames", framesPerSecond(source.framesPerSecond)],
        [
          "Loss",
          `${loss(source.packetsLost, source.packets)} (${count(source.packetsLost)})`,
          "Packets lost since the camera was opened"
        ],
        ["Jitter", `${source.jitter.toFixed(1)} ms`],
        ["Damaged frames", count(source.damagedAccessUnits)],
        ["Received", bytes(source.bytes)],
        ...(description === undefined ? [] : [["Protocol", description.protocol] as const]),
        ...(description?.server === undefined ? [] : [["Device", description.server] as const])
      ]}
    />
    <Figures
      title="Analysis"
      rows={[
        ["Latency p50", milliseconds(pipeline.latencyP50), "From the camera's capture to the detection, over the last minute"],
        ["Latency p95", milliseconds(pipeline.latencyP95)],
        ["Decoded frames", count(pipeline.framesDecoded)],
        ["Dropped frames", count(pipeline.framesDropped), "Not decoded because the decoder was behind"],
        ["Skipped frames", count(pipeline.framesSkipped), "Passed over on purpose while nothing moves"],
        ["Inferences", count(pipeline.inferences)],
        ["Detections", count(pipeline.detections)],
        ["Events", count(pipeline.events)]
      ]}
    />
    <Figures
      title="Server"
      rows={[
        ["Node", node],
        ["Live viewers", count(viewers)]
      ]}
    />
  </div>
)
