import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import type { Account } from "@vigil/core/Account"
import { type FormEvent, useState } from "react"
import { accountQuery, changeAccount, changePassword, removeSecondFactor, secondFactorQuery } from "../client/Account.js"
import { Button } from "../component/Button.js"
import { TextField } from "../component/Field.js"
import { NewPasswordFields, useNewPassword } from "../component/NewPassword.js"
import { Notice } from "../component/Notice.js"
import { PageHead } from "../component/PageHead.js"
import { SecondFactorSetup } from "../component/SecondFactorSetup.js"
import { SessionList } from "../component/SessionList.js"
import { Section } from "../form/Section.js"
import { errorWords } from "../words/ErrorWords.js"

interface Work {
  readonly isError: boolean
  readonly error: unknown
  readonly isSuccess: boolean
  readonly isPending: boolean
}

/** What became of a form, and its button. */
const Outcome = ({ done, label, work }: { readonly done: string; readonly label: string; readonly work: Work }) => (
  <>
    {work.isError && <Notice tone="bad" title={errorWords(work.error)} />}
    {work.isSuccess && <Notice tone="good" title={done} />}
    <div>
      <Button type="submit" tone="primary" busy={work.isPending}>
        {label}
      </Button>
    </div>
  </>
)

const CurrentPassword = ({
  label = "Your password",
  password,
  setPassword
}: {
  readonly label?: string
  readonly password: string
  readonly setPassword: (text: string) => void
}) => (
  <TextField
    label={label}
    name="current-password"
    type="password"
    autoComplete="current-password"
    required
    value={password}
    onChange={(event) => setPassword(event.target.value)}
  />
)

const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim())

const ProfileForm = ({ account }: { readonly account: Account }) => {
  const queries = useQueryClient()
  const [displayName, setDisplayName] = useState(account.displayName ?? "")
  const [email, setEmail] = useState(account.email ?? "")
  const [language, setLanguage] = useState(account.language ?? "")
  const [password, setPassword] = useState("")
  const moves = orNull(email) !== account.email && account.hasPassword
  const save = useMutation({
    mutationFn: () =>
      changeAccount(
        queries,
        { displayName: orNull(displayName), email: orNull(email), language: orNull(language) },
        moves ? password : undefined
      ),
    onSuccess: () => setPassword("")
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
      <TextField
        label="Name"
        name="name"
        autoComplete="name"
        maxLength={100}
        value={displayName}
        onChange={(event) => setDisplayName(event.target.value)}
      />
      <TextField
        label="Mail address"
        name="email"
        type="email"
        autoComplete="email"
        hint="Where links for a new password and warnings go."
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <TextField
        label="Language"
        name="language"
        hint="Of mails, for example en or de."
        value={language}
        onChange={(event) => setLanguage(event.target.value)}
      />
      {moves && <CurrentPassword password={password} setPassword={setPassword} />}
      <Outcome work={save} label="Save" done="Saved." />
    </form>
  )
}

const PasswordForm = () => {
  const [current, setCurrent] = useState("")
  const next = useNewPassword()
  const change = useMutation({
    mutationFn: () => changePassword(current, next.password),
    onSuccess: () => {
      setCurrent("")
      next.clear()
    }
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (next.check()) change.mutate()
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
      <CurrentPassword label="Current password" password={current} setPassword={setCurrent} />
      <NewPasswordFields state={next} label="New password" />
      <Outcome work={change} label="Change password" done="Your password is changed; other browsers were signed out." />
    </form>
  )
}

const SecondFactorRemoval = ({ recoveryCodes }: { readonly recoveryCodes: number }) => {
  const queries = useQueryClient()
  const [password, setPassword] = useState("")
  const remove = useMutation({
    mutationFn: () => removeSecondFactor(password),
    onSuccess: () => queries.invalidateQueries({ queryKey: secondFactorQuery.queryKey })
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    remove.mutate()
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
      <p>A code of your authenticator app is asked for when you sign in. {recoveryCodes} recovery codes are left.</p>
      <CurrentPassword password={password} setPassword={setPassword} />
      <Outcome work={remove} label="Remove" done="Removed." />
    </form>
  )
}

const SecondFactor = () => {
  const status = useQuery(secondFactorQuery).data
  const [setsUp, setSetsUp] = useState(false)
  if (status === undefined) return null
  if (setsUp) return <SecondFactorSetup onDone={() => setSetsUp(false)} />
  if (status.since !== null) return <SecondFactorRemoval recoveryCodes={status.recoveryCodes} />
  return <Button onClick={() => setSetsUp(true)}>Set up an authenticator app</Button>
}

export const AccountPage = () => {
  const account = useQuery(accountQuery)
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-4 px-3 py-5 sm:px-5">
      <PageHead title="Your account" note={account.data?.username} />
      {account.isError && <Notice tone="bad" title={errorWords(account.error)} />}
      {account.data !== undefined && (
        <>
          <Section title="Profile">
            <ProfileForm account={account.data} />
          </Section>
          {account.data.hasPassword && (
            <>
              <Section title="Password">
                <PasswordForm />
              </Section>
              <Section title="Second factor" note="A code of an authenticator app beside the password.">
                <SecondFactor />
              </Section>
            </>
          )}
          <Section title="Sessions" note="Where you are signed in, by browsers and by programs.">
            <SessionList />
          </Section>
        </>
      )}
    </div>
  )
}
