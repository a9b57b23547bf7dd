import { useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query"
import { getRouteApi, useNavigate } from "@tanstack/react-router"
import { AuditAction, type AuditEntry } from "@vigil/core/AuditEntry"
import type { AuditVerification } from "@vigil/core/AuditVerification"
import { changedFields } from "@vigil/core/ObjectHistory"
import { useState } from "react"
import { auditQuery } from "../client/Audit.js"
import { useClient } from "../client/ClientContext.js"
import { peopleQuery } from "../client/People.js"
import { placesQuery } from "../client/Places.js"
import { camerasQuery } from "../client/Queries.js"
import { Button } from "../component/Button.js"
import { Differences } from "../component/Differences.js"
import { Empty } from "../component/Empty.js"
import { SelectField, TextField } from "../component/Field.js"
import { Further } from "../component/Further.js"
import { Loaded } from "../component/Loaded.js"
import { Notice } from "../component/Notice.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { PageHead } from "../component/PageHead.js"
import { Time } from "../component/Time.js"
import { actionWords } from "../words/AuditWords.js"
import { errorWords } from "../words/ErrorWords.js"
import { count } from "../words/Units.js"
import { auditFilter, type AuditSearch, auditSearch } from "./AuditSearch.js"

const route = getRouteApi("/shell/audit")

const Filters = ({ search }: { readonly search: AuditSearch }) => {
  const navigate = useNavigate()
  const narrow = (change: { readonly [Key in keyof AuditSearch]?: string }) =>
    void navigate({ to: "/audit", search: auditSearch({ ...search, more: undefined, ...change }), replace: true })
  return (
    <search className="mb-4 grid grid-cols-2 items-end gap-3 lg:grid-cols-5">
      <TextField
        label="Who"
        type="search"
        maxLength={100}
        placeholder="User name, whole"
        value={search.actor ?? ""}
        onChange={(event) => narrow({ actor: event.target.value })}
      />
      <SelectField label="What" value={search.action ?? ""} onChange={(event) => narrow({ action: event.target.value })}>
        <option value="">All</option>
        {AuditAction.literals.map((action) => (
          <option key={action} value={action}>
            {actionWords(action)}
          </option>
        ))}
      </SelectField>
      <TextField label="From" type="date" value={search.from ?? ""} onChange={(event) => narrow({ from: event.target.value })} />
      <TextField label="To" type="date" value={search.to ?? ""} onChange={(event) => narrow({ to: event.target.value })} />
      <TextField
        label="Of what"
        type="search"
        maxLength={100}
        placeholder="Its id"
        value={search.subject ?? ""}
        onChange={(event) => narrow({ subject: event.target.value })}
      />
    </search>
  )
}

/** What cameras, places and people are called now, by id. */
const useNames = (): ReadonlyMap<string, string> => {
  const cameras = useQuery(camerasQuery(useClient())).data ?? []
  const places = useQuery(placesQuery).data ?? []
  const people = useQuery(peopleQuery).data ?? []
  return new Map<string, string>([
    ...[...cameras, ...places].map(({ id, name }) => [id, name] as const),
    ...people.map(({ id, username }) => [id, username] as const)
  ])
}

/** What an entry is about: by its name then, else by that of now. */
const nameOf = ({ after, before, subject: { id, type } }: AuditEntry, names: ReadonlyMap<string, string>): string => {
  if (type === "session") return ""
  const named = [before, after].flatMap((values) => [values?.["name"], values?.["username"]])
  const name = named.find((value) => typeof value === "string")
  return typeof name === "string" ? name : (names.get(id) ?? id)
}

const Row = ({ entry, names }: { readonly entry: AuditEntry; readonly names: ReadonlyMap<string, string> }) => {
  const [isOpen, setOpen] = useState(false)
  const { action, actor, address, after, at, before, sequence, subject } = entry
  const fields = changedFields(before ?? {}, after ?? {})
  return (
    <li className="flex flex-col gap-2.5 border-b border-line/60 px-4 py-2.5 last:border-0" data-testid="audit-entry">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <div className="min-w-0 flex-[1_1_16rem]">
          <p className="break-words">
            <span className="font-medium">{actionWords(action)}</span>
            <span className="text-soft">
              {" "}
              · {subject.type} {nameOf(entry, names)}
            </span>
          </p>
          <p className="text-[13px] break-words text-muted">
            <Time at={at} withDate /> by {actor.username}
            {address !== null && ` from ${address}`} · entry {sequence}
          </p>
        </div>
        {fields.length > 0 && (
          <Button
            small
            tone="quiet"
            className="max-sm:-ml-2.5"
            aria-expanded={isOpen}
            aria-label={`Values of entry ${sequence}`}
            onClick={() => setOpen(!isOpen)}
          >
            Values
          </Button>
        )}
      </div>
      {isOpen && <Differences fields={fields} added={before === null} />}
    </li>
  )
}

const Verdict = ({ verdict: { broken, entries, mark } }: { readonly verdict: AuditVerification }) =>
  broken === null ? (
    <Notice tone="good" title={`The trail is whole: ${count(entries)} entries, each chained to the one before`}>
      <p>To prove later that nothing up to now was written anew, note entry {mark.sequence} and its hash elsewhere:</p>
      <code className="mt-1 block text-[13px] break-all">{mark.hash}</code>
    </Notice>
  ) : (
    <Notice tone="bad" title={`The trail is broken: entry ${broken.sequence} was ${broken.kind}`}>
      {broken.detail}
    </Notice>
  )

const Trail = () => {
  const client = useClient()
  const search = route.useSearch()
  const trail = useInfiniteQuery(auditQuery(client, auditFilter(search)))
  const names = useNames()
  const verify = useMutation({ mutationFn: () => client.call((rpc) => rpc.VerifyAudit({}), { timeout: 120_000 }) })
  return (
    <div className="mx-auto max-w-5xl p-3 sm:p-5">
      <PageHead title="Audit trail" note="Who changed what, when and from where, newest first">
        <Button small icon="check" busy={verify.isPending} onClick={() => verify.mutate()}>
          Verify
        </Button>
      </PageHead>
      {(verify.isSuccess || verify.isError) && (
        <div className="mb-4">
          {verify.isSuccess && <Verdict verdict={verify.data} />}
          {verify.isError && <Notice tone="bad" title={errorWords(verify.error)} />}
        </div>
      )}
      <Filters search={search} />
      <Loaded query={trail}>
        {({ pages }) => {
          const entries = pages.flatMap((page) => page.entries)
          return entries.length === 0 ? (
            <Empty icon="alert" title="No such entries">
              <p>Nothing in the trail fits these filters.</p>
            </Empty>
          ) : (
            <ul className="panel overflow-hidden" aria-label="Audit trail" aria-busy={trail.isFetching}>
              {entries.map((entry) => (
                <Row key={entry.sequence} entry={entry} names={names} />
              ))}
            </ul>
          )
        }}
      </Loaded>
      <Further query={trail} more={search.more} label="Older entries" />
    </div>
  )
}

export const AuditPage = () => (
  <OnlyFor role="admin" title="Audit trail">
    <Trail />
  </OnlyFor>
)
