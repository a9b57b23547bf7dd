import { Link } from "@tanstack/react-router"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { requirementText } from "@vigil/core/ModelSuitability"
import { sentence } from "../words/Sentence.js"
import { Notice } from "./Notice.js"

const NoDetector = ({
  problem: { detail, model, reason }
}: {
  readonly problem: NonNullable<CameraStatus["detectorProblem"]>
}) => (
  <Notice tone={reason === "none" ? "calm" : "warn"} title="Nothing looks for objects in these pictures">
    <p>{model === undefined ? sentence(detail) : `Model ${model}: ${detail}.`}</p>
    <Link to="/models" className="text-accent hover:underline">
      The models
    </Link>
  </Notice>
)

/** Why nothing looks for objects, and what the stream does not give the camera's model and analytics any more. */
export const CameraWarnings = ({ status }: { readonly status: CameraStatus | undefined }) => {
  const { analyticWarnings = [], detectorProblem, modelWarnings = [] } = status ?? {}
  const warnings = [
    ...modelWarnings.map((warning) => `${warning.model} ${requirementText(warning)}.`),
    ...analyticWarnings.map((warning) => `${warning.analytic} ${requirementText(warning)}.`)
  ]
  return (
    <>
      {detectorProblem !== undefined && <NoDetector problem={detectorProblem} />}
      {warnings.length > 0 && (
        <Notice tone="warn" title="The stream is less than what looks at it needs: it may miss things">
          {warnings.map((warning) => (
            <p key={warning}>{warning}</p>
          ))}
        </Notice>
      )}
    </>
  )
}
