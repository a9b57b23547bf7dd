import { useQuery } from "@tanstack/react-query"
import type { AnalyticDescriptor } from "@vigil/core/Analytic"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { Link } from "@tanstack/react-router"
import { useClient } from "../client/ClientContext.js"
import { analyticsQuery, modelsQuery } from "../client/Queries.js"
import { CheckField, SelectField, TextField } from "../component/Field.js"
import type { AssignmentDraft } from "./CameraDraft.js"
import type { DraftProps } from "./ConnectionFields.js"
import { modelProblem } from "./ModelProblem.js"
import { settingFields, withSetting } from "./SettingField.js"
import { SettingInput } from "./SettingInput.js"

const AnalyticFields = ({
  descriptor,
  assignment,
  onChange
}: {
  readonly descriptor: AnalyticDescriptor
  readonly assignment: AssignmentDraft | undefined
  readonly onChange: (assignment: AssignmentDraft | undefined) => void
}) => {
  const fields = settingFields(descriptor.settings)
  return (
    <div className="rounded-lg border border-line p-3.5">
      <CheckField
        label={descriptor.title}
        hint={descriptor.description}
        checked={assignment !== undefined}
        onChange={(event) => onChange(event.target.checked ? { analytic: descriptor.id, settings: {} } : undefined)}
      />
      {assignment !== undefined && fields.length > 0 && (
        <details className="mt-2 pl-8">
          <summary className="py-1 text-[13px] text-soft hover:text-ink">
            Settings{Object.keys(assignment.settings).length > 0 ? ` (${Object.keys(assignment.settings).length} changed)` : ""}
          </summary>
          <div className="mt-2 grid gap-3 sm:grid-cols-2">
            {fields.map((field) => (
              <SettingInput
                key={field.key}
                field={field}
                value={assignment.settings[field.key]}
                onChange={(typed) => onChange({ ...assignment, settings: withSetting(assignment.settings, field, typed) })}
              />
            ))}
          </div>
        </details>
      )}
    </div>
  )
}

/** Which analytics run on the camera. */
export const AnalyticsFields = ({ draft, complaints, change }: DraftProps) => {
  const analytics = useQuery(analyticsQuery(useClient()))
  return (
    <div className="flex flex-col gap-3">
      {analytics.data?.map((descriptor) => (
        <AnalyticFields
          key={descriptor.id}
          descriptor={descriptor}
          assignment={draft.analytics.find(({ analytic }) => analytic === descriptor.id)}
          onChange={(assignment) =>
            change({
              analytics: draft.analytics.some(({ analytic }) => analytic === descriptor.id)
                ? draft.analytics.flatMap((other) => (other.analytic === descriptor.id ? (assignment ?? []) : other))
                : [...draft.analytics, ...(assignment === undefined ? [] : [assignment])]
            })
          }
        />
      ))}
      {complaints["analytics"] !== undefined && (
        <p role="alert" className="text-[13px] text-bad">
          {complaints["analytics"]}
        </p>
      )}
    </div>
  )
}

/** Which detector looks at the camera's frames, and how often. `status` is that of a camera that is there already. */
export const DetectionFields = ({
  draft,
  complaints,
  change,
  status
}: DraftProps & { readonly status?: CameraStatus | undefined }) => {
  const models = useQuery(modelsQuery(useClient()))
  const detectors = (models.data?.filter(({ descriptor }) => descriptor.task === "objects") ?? []).map((entry) => ({
    ...entry,
    problem: modelProblem(entry, draft, status)
  }))
  const chosen = detectors.find(({ descriptor }) => descriptor.id === draft.model)
  const none = models.isSuccess && !detectors.some(({ installed }) => installed)
  return (
    <div className="grid gap-4 sm:grid-cols-3">
      <SelectField
        label="Detector"
        hint={
          none ? (
            <>
              None is installed:{" "}
              <Link to="/models" className="text-accent underline">
                see models
              </Link>
              .
            </>
          ) : undefined
        }
        value={draft.model}
        error={chosen?.problem === undefined ? undefined : `${chosen.descriptor.title} ${chosen.problem}.`}
        onChange={(event) => change({ model: event.target.value })}
      >
        <option value="">First installed</option>
        {detectors.map(({ descriptor, installed, problem }) => (
          <option key={descriptor.id} value={descriptor.id} disabled={problem !== undefined && descriptor.id !== draft.model}>
            {descriptor.title}
            {installed ? "" : " (not installed)"}
            {problem === undefined ? "" : ` (${problem})`}
          </option>
        ))}
        {draft.model !== "" && chosen === undefined && <option value={draft.model}>{draft.model}</option>}
      </SelectField>
      <TextField
        label="Frames a second"
        type="number"
        min={0.1}
        max={30}
        step="any"
        required
        value={draft.framesPerSecond}
        error={complaints["detection.framesPerSecond"]}
        onChange={(event) => change({ framesPerSecond: event.target.value })}
      />
      <SelectField
        label="Runs"
        value={draft.gate}
        onChange={(event) => change({ gate: event.target.value === "always" ? "always" : "motion" })}
      >
        <option value="motion">While something moves</option>
        <option value="always">Always</option>
      </SelectField>
      <SelectField
        label="Where"
        value={draft.placement}
        onChange={(event) => change({ placement: event.target.value === "queue" ? "queue" : "local" })}
      >
        <option value="local">On the camera's node</option>
        <option value="queue">By workers, from a queue</option>
      </SelectField>
    </div>
  )
}

/** How the stream is cut for models and jobs. */
export const SegmentFields = ({ draft, complaints, change }: DraftProps) => (
  <div className="grid gap-4 sm:grid-cols-3">
    <TextField
      label="Segment length"
      hint="Seconds, 1 to 10"
      type="number"
      min={1}
      max={10}
      step="any"
      value={draft.segmentDuration}
      error={complaints["segment.duration"]}
      onChange={(event) => change({ segmentDuration: event.target.value })}
    />
    <TextField
      label="Overlap"
      hint="Seconds, 0 to 5"
      type="number"
      min={0}
      max={5}
      step="any"
      value={draft.segmentOverlap}
      error={complaints["segment.overlap"]}
      onChange={(event) => change({ segmentOverlap: event.target.value })}
    />
  </div>
)
