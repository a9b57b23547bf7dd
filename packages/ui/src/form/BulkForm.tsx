import { useQueryClient } from "@tanstack/react-query"
import type { Camera } from "@vigil/core/Camera"
import type { BulkChange, BulkResult } from "@vigil/core/CameraBulk"
import type { PlaceId } from "@vigil/core/Ids"
import { useState } from "react"
import { changeCameras } from "../client/Bulk.js"
import { Confirm } from "../component/Confirm.js"
import { SelectField } from "../component/Field.js"
import { Notice } from "../component/Notice.js"
import { LabelsField } from "./LabelsField.js"
import { PlaceField } from "./PlaceField.js"
import { countOf } from "../words/Units.js"

const actions = {
  enable: "Enable",
  disable: "Disable",
  move: "Move to a place",
  tag: "Add tags",
  untag: "Take tags away",
  delete: "Remove"
} as const

type Action = keyof typeof actions

const isAction = (text: string): text is Action => Object.hasOwn(actions, text)

/** The change that is chosen; undefined while something is missing. */
const changeOf = (action: Action, placeId: PlaceId | null, tags: ReadonlyArray<string>): BulkChange | undefined => {
  switch (action) {
    case "move":
      return { action, placeId }
    case "tag":
    case "untag":
      return tags.length === 0 ? undefined : { action, tags }
    default:
      return { action }
  }
}

const Outcome = ({ results, names }: { readonly results: ReadonlyArray<BulkResult>; readonly names: Map<string, string> }) => {
  const failed = results.filter(({ done }) => !done)
  const done = results.length - failed.length
  return (
    <Notice tone={failed.length === 0 ? "good" : "warn"} title={`Done with ${done} of ${countOf(results.length, "camera")}`}>
      {failed.length > 0 && (
        <ul className="flex max-h-60 flex-col gap-1 overflow-y-auto">
          {failed.map(({ id, problem }) => (
            <li key={id}>
              <span className="font-medium text-ink">{names.get(id) ?? id}</span>: {problem?.detail ?? "refused"}
            </li>
          ))}
        </ul>
      )}
    </Notice>
  )
}

/** Does the same to all cameras that are chosen. */
export const BulkForm = ({
  chosen,
  tags: known,
  onDone
}: {
  readonly chosen: ReadonlyArray<Camera>
  /** That some camera has. */
  readonly tags: ReadonlyArray<string>
  readonly onDone: () => void
}) => {
  const queries = useQueryClient()
  const [action, setAction] = useState<Action>("enable")
  const [placeId, setPlace] = useState<PlaceId | null>(null)
  const [tags, setTags] = useState<ReadonlyArray<string>>([])
  const [outcome, setOutcome] = useState<{ readonly results: ReadonlyArray<BulkResult>; readonly names: Map<string, string> }>()
  const change = changeOf(action, placeId, tags)
  const work = async () => {
    if (change === undefined) return
    const names = new Map(chosen.map(({ id, name }) => [String(id), name]))
    const ids = chosen.map(({ id }) => id)
    setOutcome({ results: await changeCameras(queries, ids, change), names })
    onDone()
  }
  return (
    <section aria-label="Cameras that are chosen" className="panel flex flex-col gap-3 p-4" data-testid="bulk">
      <p role="status" className="font-medium">
        {chosen.length === 0 ? "Choose cameras to change many at once" : `${countOf(chosen.length, "camera")} chosen`}
      </p>
      {chosen.length > 0 && (
        <div className="grid items-start gap-3 sm:grid-cols-2">
          <SelectField
            label="What to do"
            value={action}
            onChange={(event) => isAction(event.target.value) && setAction(event.target.value)}
          >
            {Object.entries(actions).map(([key, label]) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </SelectField>
          {action === "move" && <PlaceField value={placeId} onChange={setPlace} />}
          {(action === "tag" || action === "untag") && (
            <LabelsField label="Tags" hint="Enter or a comma ends each." labels={tags} known={known} onChange={setTags} />
          )}
        </div>
      )}
      {chosen.length > 0 && change !== undefined && (
        <Confirm
          key={action}
          label={actions[action]}
          tone={action === "delete" || action === "disable" ? "danger" : "plain"}
          question={`${actions[action]}: ${countOf(chosen.length, "camera")}?`}
          yes={actions[action]}
          work={work}
        />
      )}
      {outcome !== undefined && <Outcome {...outcome} />}
    </section>
  )
}
