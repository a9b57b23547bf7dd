import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { Session, SessionId } from "@vigil/core/Session"
import { endSession, sessionsQuery } from "../client/Account.js"
import { errorWords } from "../words/ErrorWords.js"
import { programWords } from "../words/ProgramWords.js"
import { Badge } from "./Badge.js"
import { Button } from "./Button.js"
import { Loaded } from "./Loaded.js"
import { Notice } from "./Notice.js"
import { Time } from "./Time.js"

type Shown = Pick<Session, "id" | "kind" | "address" | "userAgent" | "lastSeenAt">

const Row = ({
  session,
  current,
  onEnd
}: {
  readonly session: Shown
  readonly current: boolean
  readonly onEnd: (id: SessionId) => Promise<unknown>
}) => {
  const end = useMutation({ mutationFn: () => onEnd(session.id) })
  const program = programWords(session.userAgent)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2" data-testid="session">
      <div className="min-w-0 grow">
        <p className="font-medium break-all" title={session.userAgent ?? undefined}>
          {program}
        </p>
        <p className="text-[13px] text-muted">
          {session.address ?? "Unknown address"}, used <Time at={session.lastSeenAt} />
        </p>
        {end.isError && <Notice tone="bad" title={errorWords(end.error)} />}
      </div>
      {session.kind === "token" && <Badge tone="idle">program</Badge>}
      {current ? (
        <Badge tone="good">this browser</Badge>
      ) : (
        <Button small busy={end.isPending} aria-label={`End ${program}`} onClick={() => end.mutate()}>
          End
        </Button>
      )}
    </li>
  )
}

/** Where somebody is signed in, by browsers and by programs. */
export const SessionRows = ({
  sessions,
  onEnd
}: {
  readonly sessions: ReadonlyArray<Shown & { readonly current?: boolean }>
  readonly onEnd: (id: SessionId) => Promise<unknown>
}) => (
  <ul className="divide-y divide-line">
    {sessions.map((session) => (
      <Row key={session.id} session={session} current={session.current === true} onEnd={onEnd} />
    ))}
  </ul>
)

/** Where the user is signed in. */
export const SessionList = () => {
  const queries = useQueryClient()
  const sessions = useQuery(sessionsQuery)
  const end = async (id: SessionId) => {
    try {
      await endSession(id)
    } finally {
      await queries.invalidateQueries({ queryKey: sessionsQuery.queryKey })
    }
  }
  return <Loaded query={sessions}>{(all) => <SessionRows sessions={all} onEnd={end} />}</Loaded>
}
