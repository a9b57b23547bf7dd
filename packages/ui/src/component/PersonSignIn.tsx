import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { Account } from "@vigil/core/Account"
import { type FormEvent, type ReactNode, useState } from "react"
import { releaseAccount, waysQuery } from "../client/Account.js"
import {
  changePerson,
  endSessionOf,
  endSessionsOf,
  personFactorQuery,
  personSessionsQuery,
  resetSecondFactorOf,
  sendPasswordLink
} from "../client/People.js"
import { Outcome } from "../form/Outcome.js"
import { errorWords } from "../words/ErrorWords.js"
import { Button } from "./Button.js"
import { Confirm } from "./Confirm.js"
import { NewPasswordFields, useNewPassword } from "./NewPassword.js"
import { Notice } from "./Notice.js"
import { SessionRows } from "./SessionList.js"
import { Time } from "./Time.js"

const Lock = ({ account }: { readonly account: Account }) => {
  const queries = useQueryClient()
  const release = useMutation({ mutationFn: () => releaseAccount(queries, account) })
  if (account.lock === null) return null
  return (
    <Notice tone="warn" title={`Locked after ${account.wrongPasswords} wrong passwords`}>
      <p className="mb-2">
        {account.lock.until === null ? (
          "Until it is released."
        ) : (
          <>
            Until <Time at={account.lock.until} />.
          </>
        )}
      </p>
      <Button small busy={release.isPending} onClick={() => release.mutate()}>
        Release
      </Button>
      {release.isError && <p role="alert">{errorWords(release.error)}</p>}
    </Notice>
  )
}

const PasswordForm = ({ account }: { readonly account: Account }) => {
  const queries = useQueryClient()
  const next = useNewPassword()
  const change = useMutation({
    mutationFn: () => changePerson(queries, account.id, { password: next.password }),
    onSuccess: next.clear
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (next.check()) change.mutate()
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
      <NewPasswordFields state={next} label="New password" />
      <Outcome work={change} label="Set password" done="It is set; the person was signed out everywhere. Pass it on safely." />
    </form>
  )
}

const PasswordLink = ({ account }: { readonly account: Account }) => {
  const send = useMutation({ mutationFn: () => sendPasswordLink(account.id) })
  const mailed = useQuery(waysQuery(undefined)).data?.passwordReset === true
  if (!mailed || account.email === null) return null
  return (
    <>
      <Button small busy={send.isPending} onClick={() => send.mutate()}>
        {account.hasPassword ? "Mail a link for a new password" : "Mail the link again"}
      </Button>
      {send.isSuccess && <Notice tone="good" title={`A link is on its way to ${account.email}; it is good for three days.`} />}
      {send.isError && <Notice tone="bad" title={errorWords(send.error)} />}
    </>
  )
}

const passwordWords = ({ hasPassword, providers }: Account): string => {
  const through = providers.length === 0 ? "" : ` Signs in with ${providers.join(", ")}.`
  return `${hasPassword ? "A password is set." : "No password is set here."}${through}`
}

const Password = ({ account }: { readonly account: Account }) => {
  const [types, setTypes] = useState(false)
  return (
    <div className="flex flex-col items-start gap-3">
      <p>{passwordWords(account)}</p>
      <PasswordLink account={account} />
      <Button small aria-expanded={types} onClick={() => setTypes(!types)}>
        Set a password
      </Button>
      {types && <PasswordForm account={account} />}
    </div>
  )
}

const SecondFactor = ({ account }: { readonly account: Account }) => {
  const queries = useQueryClient()
  const factor = useQuery(personFactorQuery(account.id))
  if (factor.isError) return <Notice tone="bad" title={errorWords(factor.error)} />
  if (factor.data === undefined) return null
  const { since } = factor.data
  if (since === null) return <p>None is set up.</p>
  return (
    <div className="flex flex-col gap-3">
      <p>
        An authenticator app, since <Time at={since} withDate />.
      </p>
      <Confirm
        label="Reset the second factor"
        question={`Let ${account.username} in with the password alone, until a new app is set up?`}
        yes="Reset it"
        work={() => resetSecondFactorOf(queries, account.id)}
      />
    </div>
  )
}

const Sessions = ({ account }: { readonly account: Account }) => {
  const queries = useQueryClient()
  const sessions = useQuery(personSessionsQuery(account.id))
  if (sessions.isError) return <Notice tone="bad" title={errorWords(sessions.error)} />
  if (sessions.data?.length === 0) return <p>Signed in nowhere.</p>
  return (
    <div className="flex flex-col gap-3">
      <SessionRows sessions={sessions.data ?? []} onEnd={(id) => endSessionOf(queries, account.id, id)} />
      <Confirm
        label="End all sessions"
        question={`Sign ${account.username} out everywhere?`}
        yes="Sign out"
        work={() => endSessionsOf(queries, account.id)}
      />
    </div>
  )
}

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <div className="flex flex-col gap-2 py-4 first:pt-0 last:pb-0">
    <h3 className="text-[13px] font-medium text-soft">{title}</h3>
    {children}
  </div>
)

/** How somebody else gets in: password, second factor, sessions, the lock after wrong passwords. */
export const PersonSignIn = ({ account }: { readonly account: Account }) => (
  <div className="divide-y divide-line">
    {account.lock !== null && (
      <div className="pb-4">
        <Lock account={account} />
      </div>
    )}
    <Part title="Password">
      <Password account={account} />
    </Part>
    {account.hasPassword && (
      <Part title="Second factor">
        <SecondFactor account={account} />
      </Part>
    )}
    <Part title="Sessions">
      <Sessions account={account} />
    </Part>
  </div>
)
