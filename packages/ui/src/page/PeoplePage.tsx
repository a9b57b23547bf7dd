import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import type { Account } from "@vigil/core/Account"
import type { User } from "@vigil/core/User"
import { useState } from "react"
import { accountsQuery } from "../client/Account.js"
import { useUser } from "../client/ClientContext.js"
import { peopleQuery } from "../client/People.js"
import { Button } from "../component/Button.js"
import { Icon } from "../component/Icon.js"
import { Loaded } from "../component/Loaded.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { PageHead } from "../component/PageHead.js"
import { PersonBadges, type PersonProps } from "../component/PersonBadges.js"
import { NewPersonForm } from "../form/NewPersonForm.js"

/** What the name does not say. */
const factsOf = ({ username }: User, account: Account | undefined): ReadonlyArray<string> => [
  ...(account === undefined || account.displayName === null ? [] : [username]),
  ...(account === undefined || account.email === null ? [] : [account.email])
]

const Row = ({ account, user, isSelf }: PersonProps) => {
  const facts = factsOf(user, account)
  return (
    <li data-testid="person" className="border-b border-line/60 last:border-0">
      <Link
        to="/people/$id"
        params={{ id: user.id }}
        className="grid min-h-14 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 px-4 py-2 hover:bg-hover sm:grid-cols-[minmax(0,1fr)_7rem_auto]"
      >
        <div className="min-w-0">
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
            <span className="min-w-0 font-medium break-words">{account?.displayName ?? user.username}</span>
            <PersonBadges account={account} user={user} isSelf={isSelf} />
          </p>
          <p className="truncate text-[13px] text-muted">
            {facts.join(" · ")}
            <span className="sm:hidden">{`${facts.length > 0 ? " · " : ""}${user.role}`}</span>
          </p>
        </div>
        <span className="hidden text-soft sm:block">{user.role}</span>
        <span className="text-muted">
          <Icon name="chevron" size={16} />
        </span>
      </Link>
    </li>
  )
}

const isFound = (text: string, user: User, account: Account | undefined): boolean =>
  [user.username, user.role, account?.displayName ?? "", account?.email ?? ""].some((fact) =>
    fact.toLowerCase().includes(text.trim().toLowerCase())
  )

/** With more people than that they are searched. */
const few = 6

const People = () => {
  const self = useUser()
  const people = useQuery(peopleQuery)
  const accounts = new Map((useQuery(accountsQuery).data ?? []).map((account) => [account.id, account]))
  const [text, setText] = useState("")
  const found = (all: ReadonlyArray<User>) => all.filter((user) => isFound(text, user, accounts.get(user.id)))
  return (
    <>
      {(people.data?.length ?? 0) > few && (
        <input
          type="search"
          className="field mb-3"
          aria-label="Search people"
          placeholder="Search by name, mail address or role"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      <Loaded query={people}>
        {(all) =>
          found(all).length === 0 ? (
            <p className="p-4 text-muted">Nobody fits that.</p>
          ) : (
            <ul className="panel overflow-hidden" aria-label="People">
              {found(all).map((user) => (
                <Row key={user.id} user={user} account={accounts.get(user.id)} isSelf={user.id === self.id} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  )
}

export const PeoplePage = () => {
  const [isAdding, setAdding] = useState(false)
  return (
    <OnlyFor role="admin" title="People">
      <div className="mx-auto max-w-3xl px-3 py-5 sm:px-5">
        <PageHead title="People" note="Who may sign in, and what they may do and see">
          {!isAdding && (
            <Button small tone="primary" icon="plus" onClick={() => setAdding(true)}>
              Add person
            </Button>
          )}
        </PageHead>
        {isAdding && <NewPersonForm onClose={() => setAdding(false)} />}
        <People />
      </div>
    </OnlyFor>
  )
}
