import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { differenceOf, type ObjectDifference, type ObjectVersion } from "@vigil/core/ObjectHistory"
import type { Rollback } from "@vigil/core/Rollback"
import { useState } from "react"
import { afterRollback, historyQuery, rollBack, type Versioned } from "../client/History.js"
import { errorWords } from "../words/ErrorWords.js"
import { fieldWords, isAddition, versionWords } from "../words/HistoryWords.js"
import { Badge } from "./Badge.js"
import { Button } from "./Button.js"
import { Differences } from "./Differences.js"
import { Loaded } from "./Loaded.js"
import { Notice } from "./Notice.js"
import { Time } from "./Time.js"

type Fields = ObjectDifference["fields"]

const secretsNote = (secrets: Rollback["secrets"]): string =>
  `What was secret then is kept nowhere (${secrets.map(fieldWords).join(", ").toLowerCase()}): what is stored now stays.`

const previewWords = ({ fields, restored }: Rollback): string => {
  if (restored) return "It comes back with:"
  return fields.length === 0 ? "Nothing would change." : "This would change:"
}

/** What going back would change, to be looked at before it is done. */
const Preview = ({
  object,
  version,
  shown,
  onClose,
  onRestored
}: {
  readonly object: Versioned
  readonly version: ObjectVersion
  /** The newest revision that is shown. */
  readonly shown: number
  readonly onClose: () => void
  readonly onRestored: (() => void) | undefined
}) => {
  const queries = useQueryClient()
  const { revision } = version
  const preview = useQuery({
    queryKey: ["history", object.type, object.id, "preview", revision, shown],
    queryFn: () => rollBack(object, revision, shown, true),
    retry: false,
    gcTime: 0
  })
  const restore = useMutation({
    mutationFn: () => rollBack(object, revision, shown, false),
    onSuccess: async () => {
      await afterRollback(queries)
      onClose()
      onRestored?.()
    }
  })
  const failure = preview.error ?? restore.error
  return (
    <div role="group" aria-label={`Restore version ${revision}`} className="flex flex-col gap-2.5">
      {preview.data !== undefined && (
        <>
          <p>{previewWords(preview.data)}</p>
          {preview.data.fields.length > 0 && <Differences fields={preview.data.fields} added={preview.data.restored} />}
          {preview.data.secrets.length > 0 && <p className="text-[13px] text-muted">{secretsNote(preview.data.secrets)}</p>}
        </>
      )}
      {failure !== null && <Notice tone="bad" title={errorWords(failure)} />}
      <div className="flex gap-2">
        <Button
          small
          tone="primary"
          icon="undo"
          busy={preview.isFetching || restore.isPending}
          disabled={preview.data === undefined || preview.data.fields.length === 0}
          onClick={() => restore.mutate()}
        >
          Restore
        </Button>
        <Button small tone="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </div>
  )
}

/** What became of the version before; of the first one what it began to say, unless it is all that there was. */
const changesOf = (version: ObjectVersion, former: ObjectVersion | undefined): Fields => {
  if (version.values === null) return []
  if (former !== undefined) return differenceOf(former, version).fields
  return isAddition(version) ? [] : differenceOf({ ...version, values: {} }, version).fields
}

const Version = ({
  object,
  version,
  former,
  shown,
  mayRestore,
  onRestored
}: {
  readonly object: Versioned
  readonly version: ObjectVersion
  readonly former: ObjectVersion | undefined
  readonly shown: number
  readonly mayRestore: boolean
  readonly onRestored: (() => void) | undefined
}) => {
  const [opened, setOpened] = useState<"changes" | "restore">()
  const isNewest = version.revision === shown
  const fields = changesOf(version, former)
  return (
    <li className="flex flex-col gap-2.5 border-b border-line/60 px-4 py-3 last:border-0" data-testid="version">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <div className="min-w-0 flex-[1_1_16rem]">
          <p className="break-words">
            <span className="tabular text-muted">{version.revision}</span> {versionWords(version)}
          </p>
          <p className="text-[13px] text-muted">
            <Time at={version.at} withDate /> by {version.actor.username}
          </p>
        </div>
        {isNewest && <Badge tone="good">now</Badge>}
        {fields.length > 0 && (
          <Button
            small
            tone="quiet"
            aria-expanded={opened === "changes"}
            aria-label={`Changes of version ${version.revision}`}
            onClick={() => setOpened(opened === "changes" ? undefined : "changes")}
          >
            Changes
          </Button>
        )}
        {mayRestore && !isNewest && version.values !== null && (
          <Button
            small
            icon="undo"
            aria-expanded={opened === "restore"}
            aria-label={`Restore version ${version.revision}`}
            onClick={() => setOpened(opened === "restore" ? undefined : "restore")}
          >
            Restore this version
          </Button>
        )}
      </div>
      {opened === "changes" && <Differences fields={fields} />}
      {opened === "restore" && (
        <Preview object={object} version={version} shown={shown} onClose={() => setOpened(undefined)} onRestored={onRestored} />
      )}
    </li>
  )
}

/** The way back to what something that was removed said last. */
export const BringBack = ({
  onClose,
  onRestored,
  ...object
}: Versioned & { readonly onClose: () => void; readonly onRestored: () => void }) => {
  const history = useQuery(historyQuery(object))
  return (
    <Loaded query={history}>
      {(versions) => {
        const last = versions.find(({ values }) => values !== null)
        return last === undefined ? (
          <p className="text-muted">Nothing is kept of what it was.</p>
        ) : (
          <Preview
            object={object}
            version={last}
            shown={versions[0]?.revision ?? last.revision}
            onClose={onClose}
            onRestored={onRestored}
          />
        )
      }}
    </Loaded>
  )
}

/** How many versions are shown at first. */
const few = 20

interface HistoryProps extends Versioned {
  readonly mayRestore: boolean
  /** Called once something went back, and is shown as it is now. */
  readonly onRestored?: () => void
}

/** Who changed something, when, and what; with the way back to each version. */
export const VersionList = ({ type, id, mayRestore, onRestored }: HistoryProps) => {
  const object = { type, id }
  const history = useQuery(historyQuery(object))
  const [most, setMost] = useState(few)
  if (history.data === undefined) return <Loaded query={history}>{() => null}</Loaded>
  const versions = history.data
  const newest = versions[0]?.revision ?? 0
  if (versions.length === 0) return <p className="p-4 text-muted">Nothing was changed yet.</p>
  return (
    <>
      <ol aria-label="Versions, newest first" aria-busy={history.isFetching}>
        {versions.slice(0, most).map((version, index) => (
          <Version
            key={version.sequence}
            object={object}
            version={version}
            former={versions[index + 1]}
            shown={newest}
            mayRestore={mayRestore}
            onRestored={onRestored}
          />
        ))}
      </ol>
      {versions.length > most && (
        <div className="flex justify-center border-t border-line p-3">
          <Button small onClick={() => setMost(most + few)}>
            Older versions
          </Button>
        </div>
      )}
    </>
  )
}

/** The versions of something, asked for once it is opened. */
export const HistoryPanel = (props: HistoryProps) => {
  const [isOpen, setOpen] = useState(false)
  return (
    <details className="panel overflow-hidden" data-testid="history" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="px-4 py-2.5 font-semibold hover:bg-hover">History</summary>
      {isOpen && (
        <div className="border-t border-line">
          <VersionList {...props} />
        </div>
      )}
    </details>
  )
}
