import { useMutation, useQueryClient } from "@tanstack/react-query"
import { type EventEntry, type EventPatch, mostNotes } from "@vigil/core/Event"
import { type FormEvent, useState } from "react"
import { useClient } from "../client/ClientContext.js"
import { addEventNote, changeEvent, knownTags } from "../client/Events.js"
import { LabelsField } from "../form/LabelsField.js"
import { errorWords } from "../words/ErrorWords.js"
import { Button } from "./Button.js"
import { Ticket } from "./EventMarks.js"
import { TextAreaField, TextField } from "./Field.js"
import { Notice } from "./Notice.js"
import { Time } from "./Time.js"

interface EventProps {
  readonly entry: EventEntry
}

const useChange = (entry: EventEntry) => {
  const client = useClient()
  const queries = useQueryClient()
  return useMutation({ mutationFn: (patch: EventPatch) => changeEvent(client, queries, entry, patch) })
}

/** Each tag is kept as soon as it is typed or taken away. */
const Tags = ({ entry }: EventProps) => {
  const queries = useQueryClient()
  const change = useChange(entry)
  const { tags = [] } = entry
  return (
    <LabelsField
      label="Tags"
      hint="Words to find such events by; Enter or a comma ends each."
      error={change.isError ? errorWords(change.error) : undefined}
      labels={tags}
      known={knownTags(queries)}
      onChange={(labels) =>
        change.mutate({
          addTags: labels.filter((label) => !tags.includes(label)),
          removeTags: tags.filter((tag) => !labels.includes(tag))
        })
      }
    />
  )
}

const TicketForm = ({ entry }: EventProps) => {
  const change = useChange(entry)
  const [typed, setTyped] = useState("")
  if (entry.ticket !== undefined)
    return (
      <div className="flex flex-col gap-1.5">
        <p className="text-[13px] font-medium text-soft">Ticket</p>
        <div className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1">
          <Ticket ticket={entry.ticket} />
          <Button small icon="undo" busy={change.isPending} onClick={() => change.mutate({ ticket: null })}>
            Take back
          </Button>
        </div>
        {change.isError && <Notice tone="bad" title={errorWords(change.error)} />}
      </div>
    )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate({ ticket: typed.trim() }, { onSuccess: () => setTyped("") })
  }
  return (
    <form onSubmit={submit} className="grid grid-cols-[minmax(0,1fr)_auto] items-start gap-x-2">
      <TextField
        label="Ticket"
        hint="Number or address of where it is dealt with."
        maxLength={200}
        value={typed}
        error={change.isError ? errorWords(change.error) : undefined}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit" className="mt-6.5" busy={change.isPending} disabled={typed.trim() === ""}>
        Escalate
      </Button>
    </form>
  )
}

const Notes = ({ entry: { notes = [] } }: EventProps) => (
  <ol className="flex flex-col gap-2.5" aria-label="Notes">
    {notes.map(({ at, by, text }) => (
      <li key={`${at.epochMillis} ${by} ${text}`} data-testid="event-note">
        <p className="break-words whitespace-pre-wrap">{text}</p>
        <p className="text-[13px] break-words text-muted">
          {by}, <Time at={at} withDate />
        </p>
      </li>
    ))}
  </ol>
)

const NoteForm = ({ entry }: EventProps) => {
  const client = useClient()
  const queries = useQueryClient()
  const [typed, setTyped] = useState("")
  const add = useMutation({
    mutationFn: (text: string) => addEventNote(client, queries, entry, text),
    onSuccess: () => setTyped("")
  })
  if ((entry.notes?.length ?? 0) >= mostNotes)
    return <p className="text-[13px] text-muted">An event has {mostNotes} notes at the most.</p>
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate(typed.trim())
  }
  return (
    <form onSubmit={submit} className="flex flex-col items-start gap-2 [&>:first-child]:self-stretch">
      <TextAreaField
        label="Note"
        hint="What there is to say of it. It stays as it is written."
        maxLength={1000}
        value={typed}
        error={add.isError ? errorWords(add.error) : undefined}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button small type="submit" busy={add.isPending} disabled={typed.trim() === ""}>
        Add note
      </Button>
    </form>
  )
}

/** What people added to an event, and for operators the ways to add more. */
export const EventDetails = ({ entry, mayAnswer }: EventProps & { readonly mayAnswer: boolean }) => (
  <div className="grid gap-x-6 gap-y-4 py-2 md:grid-cols-2" data-testid="event-details">
    {mayAnswer && (
      <div className="flex flex-col gap-4">
        <Tags entry={entry} />
        <TicketForm entry={entry} />
      </div>
    )}
    <div className="flex flex-col gap-3">
      {entry.notes !== undefined && <Notes entry={entry} />}
      {mayAnswer && <NoteForm entry={entry} />}
    </div>
  </div>
)
