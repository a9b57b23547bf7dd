import { useMutation } from "@tanstack/react-query"
import type { NewCamera } from "@vigil/core/Camera"
import type { CameraId } from "@vigil/core/Ids"
import type { ProbeReport } from "@vigil/core/Probe"
import { SourceError } from "@vigil/core/Source"
import type { Either } from "effect"
import { useClient } from "../client/ClientContext.js"
import { Button } from "../component/Button.js"
import { Figures } from "../component/Figures.js"
import { Notice } from "../component/Notice.js"
import { failureAdvice, failureReason } from "../words/CameraWords.js"
import { errorWords } from "../words/ErrorWords.js"
import { trackWords } from "../words/TrackWords.js"
import { bitrate, framesPerSecond, milliseconds } from "../words/Units.js"
import type { Complaints } from "./CameraDraft.js"

/** Seconds for which a source is watched. */
const watched = 4

const Report = ({ report }: { readonly report: ProbeReport }) => {
  const { description, statistics, warnings } = report
  return (
    <div className="flex flex-col gap-3" data-testid="probe-report">
      <div className="rounded-lg border border-line bg-ground">
        <Figures
          title="What the camera sends"
          rows={[
            ...description.tracks.map((track) => [track.kind === "video" ? "Video" : "Audio", trackWords(track)] as const),
            ...(description.tracks.some(({ kind }) => kind === "audio") ? [] : [["Audio", "none"] as const]),
            ["Frames", framesPerSecond(statistics.framesPerSecond)],
            ["Bitrate", bitrate(statistics.bitrate)],
            ["First picture after", milliseconds(report.firstKeyframeAfter)],
            ...(report.keyframeInterval === undefined
              ? []
              : [["Key frames every", `${report.keyframeInterval.toFixed(1)} s`] as const]),
            ["Protocol", description.protocol],
            ...(description.server === undefined ? [] : [["Device", description.server] as const])
          ]}
        />
      </div>
      {warnings.length === 0 ? (
        <Notice tone="good" title="The stream is fine" />
      ) : (
        <Notice tone="warn" title={warnings.length === 1 ? "One thing to look at" : `${warnings.length} things to look at`}>
          <ul className="flex list-disc flex-col gap-1 pl-4">
            {warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  )
}

const Failure = ({ error }: { readonly error: unknown }) =>
  error instanceof SourceError ? (
    <Notice tone="bad" title={failureReason(error.reason)}>
      <p>{error.detail}</p>
      <p className="mt-1">{failureAdvice(error.reason)}</p>
    </Notice>
  ) : (
    <Notice tone="bad" title={errorWords(error)} />
  )

/** Looks at the source that the form names before anything is saved. `stored` is the camera whose credentials may be used for it. */
export const ProbePanel = ({
  source,
  stored,
  onComplaints
}: {
  readonly source: () => Either.Either<NewCamera, Complaints>
  readonly stored?: CameraId | undefined
  readonly onComplaints: (complaints: Complaints) => void
}) => {
  const client = useClient()
  const probe = useMutation({
    mutationFn: (camera: NewCamera) =>
      client.call((rpc) => rpc.ProbeSource({ camera, seconds: watched, cameraId: stored }), { timeout: 60_000 })
  })
  const start = () => {
    const camera = source()
    if (camera._tag === "Left") return onComplaints(camera.left)
    onComplaints({})
    probe.mutate(camera.right)
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-3">
        <Button icon="camera" busy={probe.isPending} onClick={start}>
          Probe the stream
        </Button>
        <span className="text-[13px] text-muted" role="status">
          {probe.isPending
            ? `Watching the stream for ${watched} seconds.`
            : "Shows codec, size, rate and problems; nothing is saved."}
        </span>
      </div>
      {probe.isSuccess && <Report report={probe.data} />}
      {probe.isError && <Failure error={probe.error} />}
    </div>
  )
}
