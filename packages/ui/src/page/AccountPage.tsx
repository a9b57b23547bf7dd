import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { type FormEvent, useState } from "react"
import { accountQuery, changeAccount, changePassword, removeSecondFactor, secondFactorQuery } from "../client/Account.js"
import { ApiKeys } from "../component/ApiKeys.js"
import { Button } from "../component/Button.js"
import { NewPasswordFields, useNewPassword } from "../component/NewPassword.js"
import { Loaded } from "../component/Loaded.js"
import { PageHead } from "../component/PageHead.js"
import { SecondFactorSetup } from "../component/SecondFactorSetup.js"
import { CurrentPassword, Outcome } from "../form/Outcome.js"
import { ProfileForm } from "../form/ProfileForm.js"
import { SessionList } from "../component/SessionList.js"
import { Section } from "../form/Section.js"

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
  const queries = useQueryClient()
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-4 px-3 py-5 sm:px-5">
      <PageHead title="Your account" note={account.data?.username} />
      <Loaded query={account}>
        {(own) => (
          <>
            <Section title="Profile">
              <ProfileForm account={own} isOwn onSave={(change, password) => changeAccount(queries, change, password)} />
            </Section>
            {own.hasPassword && (
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
            <Section
              title="API keys"
              note="What lets programs in, within what you may do yourself. A key is shown once, when it is made."
            >
              <ApiKeys />
            </Section>
          </>
        )}
      </Loaded>
    </div>
  )
}
