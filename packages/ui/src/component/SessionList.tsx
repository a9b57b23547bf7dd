import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { OwnSession } from "@vigil/core/Session"
import { endSession, sessionsQuery } from "../client/Account.js"
import { errorWords } from "../words/ErrorWords.js"
import { programWords } from "../words/ProgramWords.js"
import { Badge } from "./Badge.js"
import { Button } from "./Button.js"
import { Notice } from "./Notice.js"
import { Time } from "./Time.js"

const Row = ({ session }: { readonly session: OwnSession }) => {
  const queries = useQueryClient()
  const end = useMutation({
    mutationFn: () => endSession(session.id),
    onSettled: () => queries.invalidateQueries({ queryKey: sessionsQuery.queryKey })
  })
  const program = programWords(session.userAgent)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-1 py-2">
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
      {session.current ? (
        <Badge tone="good">this browser</Badge>
      ) : (
        <Button small busy={end.isPending} aria-label={`End ${program}`} onClick={() => end.mutate()}>
          End
        </Button>
      )}
    </li>
  )
}

/** Where the user is signed in, by browsers and by programs. */
export const SessionList = () => {
  const sessions = useQuery(sessionsQuery)
  if (sessions.isError) return <Notice tone="bad" title={errorWords(sessions.error)} />
  return (
    <ul className="divide-y divide-line">
      {sessions.data?.map((session) => (
        <Row key={session.id} session={session} />
      ))}
    </ul>
  )
}
