import { useQuery } from "@tanstack/react-query"
import type { Account } from "@vigil/core/Account"
import { permits, type User } from "@vigil/core/User"
import { useState } from "react"
import { accountsQuery } from "../client/Account.js"
import { useUser } from "../client/ClientContext.js"
import { peopleQuery } from "../client/People.js"
import { Badge } from "../component/Badge.js"
import { Button } from "../component/Button.js"
import { Notice } from "../component/Notice.js"
import { PageHead } from "../component/PageHead.js"
import { PersonAccount } from "../component/PersonAccount.js"
import { GrantsForm } from "../form/GrantsForm.js"
import { errorWords } from "../words/ErrorWords.js"

const Person = ({ account, user }: { readonly account: Account | undefined; readonly user: User }) => {
  const [isOpen, setOpen] = useState(false)
  return (
    <li className="panel flex flex-col gap-4 p-4" data-testid="person">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h2 className="min-w-0 font-semibold break-all">{user.username}</h2>
        <Badge tone="idle">{user.role}</Badge>
        {permits(user.role, "admin") ? (
          <span className="ml-auto text-[13px] text-muted">Sees all cameras</span>
        ) : (
          <Button
            small
            className="ml-auto"
            aria-expanded={isOpen}
            aria-label={`Cameras of ${user.username}`}
            onClick={() => setOpen(!isOpen)}
          >
            Cameras
          </Button>
        )}
      </div>
      {isOpen && <GrantsForm user={user} />}
      {account !== undefined && <PersonAccount account={account} />}
    </li>
  )
}

const People = () => {
  const people = useQuery(peopleQuery)
  const accounts = useQuery(accountsQuery).data ?? []
  return (
    <>
      {people.isError && <Notice tone="bad" title={errorWords(people.error)} />}
      <ul className="flex flex-col gap-3">
        {(people.data ?? []).map((user) => (
          <Person key={user.id} user={user} account={accounts.find(({ id }) => id === user.id)} />
        ))}
      </ul>
    </>
  )
}

export const PeoplePage = () => (
  <div className="mx-auto max-w-3xl px-3 py-5 sm:px-5">
    <PageHead title="People" note="Who may sign in, and whose cameras they see" />
    {permits(useUser().role, "admin") ? <People /> : <Notice tone="warn" title="This page is for administrators." />}
  </div>
)
