import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { ErasureCounts, ErasureSelection } from "@vigil/core/Erasure"
import { Either } from "effect"
import { type FormEvent, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { erase, lookAtErasure } from "../client/Privacy.js"
import { camerasQuery } from "../client/Queries.js"
import { Button } from "../component/Button.js"
import { CameraLink } from "../component/CameraLink.js"
import { Confirm } from "../component/Confirm.js"
import { SelectField, TextField } from "../component/Field.js"
import { Notice } from "../component/Notice.js"
import { Time } from "../component/Time.js"
import { errorWords } from "../words/ErrorWords.js"
import { count } from "../words/Units.js"
import { type ErasureDraft, emptyDraft, selectionOf } from "./ErasureDraft.js"

const Found = ({ counts: { byCamera, events, newest, oldest } }: { readonly counts: ErasureCounts }) => (
  <Notice tone={events === 0 ? "calm" : "warn"} title={events === 1 ? "1 event is found" : `${count(events)} events are found`}>
    {oldest !== null && newest !== null && (
      <p>
        From <Time at={oldest} withDate /> to <Time at={newest} withDate />.
      </p>
    )}
    <ul>
      {byCamera.map(({ cameraId, events: number }) => (
        <li key={cameraId}>
          <CameraLink id={cameraId} />: {count(number)}
        </li>
      ))}
    </ul>
    <p>Video that waits for workers and what edges have of that time goes, too.</p>
  </Notice>
)

/** Erases events: what would be erased is looked at first. */
export const ErasureForm = () => {
  const queries = useQueryClient()
  const cameras = useQuery(camerasQuery(useClient())).data ?? []
  const [draft, setDraft] = useState(emptyDraft)
  const [reason, setReason] = useState("")
  const [complaint, setComplaint] = useState<string>()
  const look = useMutation({
    mutationFn: async (selection: ErasureSelection) => ({ selection, counts: await lookAtErasure(selection) })
  })
  const change = (fresh: Partial<ErasureDraft>) => {
    look.reset()
    setDraft({ ...draft, ...fresh })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const selection = selectionOf(draft)
    setComplaint(Either.isLeft(selection) ? selection.left : undefined)
    if (Either.isRight(selection)) look.mutate(selection.right)
  }
  const work = async (selection: ErasureSelection) => {
    await erase(queries, { selection, reason: reason.trim() })
    look.reset()
    setDraft(emptyDraft)
    setReason("")
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="From"
          type="datetime-local"
          value={draft.from}
          onChange={(event) => change({ from: event.target.value })}
        />
        <TextField label="To" type="datetime-local" value={draft.to} onChange={(event) => change({ to: event.target.value })} />
        <SelectField label="Camera" value={draft.camera} onChange={(event) => change({ camera: event.target.value })}>
          <option value="">All</option>
          {cameras.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        <TextField
          label="Tracks"
          hint="Of one person: the trackingId of their events."
          value={draft.tracks}
          onChange={(event) => change({ tracks: event.target.value })}
        />
        <div className="sm:col-span-2">
          <TextField
            label="Reason"
            hint="It stays in the report: name nobody."
            required
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </div>
      </div>
      {complaint !== undefined && <Notice tone="bad" title={complaint} />}
      {look.isError && <Notice tone="bad" title={errorWords(look.error)} />}
      {look.isSuccess ? (
        <>
          <Found counts={look.data.counts} />
          <Confirm
            icon="trash"
            label="Erase for good"
            question="Nothing brings it back. Erase it everywhere?"
            yes="Erase"
            no="Keep"
            work={() => work(look.data.selection)}
          />
        </>
      ) : (
        <div>
          <Button type="submit" busy={look.isPending}>
            Look what that is
          </Button>
        </div>
      )}
    </form>
  )
}
