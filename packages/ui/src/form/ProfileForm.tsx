import { useMutation } from "@tanstack/react-query"
import type { Account, ProfileChange } from "@vigil/core/Account"
import { type FormEvent, useState } from "react"
import { TextField } from "../component/Field.js"
import { CurrentPassword, Outcome } from "./Outcome.js"
import { MailField, NameField } from "./ProfileFields.js"

const orNull = (text: string): string | null => (text.trim() === "" ? null : text.trim())

/** Who somebody is. Of one's own account another mail address needs the password. */
export const ProfileForm = ({
  account,
  isOwn = false,
  onSave
}: {
  readonly account: Account
  readonly isOwn?: boolean
  readonly onSave: (change: ProfileChange, password: string | undefined) => Promise<unknown>
}) => {
  const [displayName, setDisplayName] = useState(account.displayName ?? "")
  const [email, setEmail] = useState(account.email ?? "")
  const [language, setLanguage] = useState(account.language ?? "")
  const [password, setPassword] = useState("")
  const moves = isOwn && orNull(email) !== account.email && account.hasPassword
  const save = useMutation({
    mutationFn: () =>
      onSave(
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
      <NameField own={isOwn} value={displayName} onChange={setDisplayName} />
      <MailField own={isOwn} value={email} onChange={setEmail} />
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
