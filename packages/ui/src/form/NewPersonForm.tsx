import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { useNavigate } from "@tanstack/react-router"
import type { Role } from "@vigil/core/User"
import { type FormEvent, useState } from "react"
import { waysQuery } from "../client/Account.js"
import { addPerson } from "../client/People.js"
import { Button } from "../component/Button.js"
import { TextField } from "../component/Field.js"
import { NewPasswordFields, useNewPassword } from "../component/NewPassword.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"
import { MailField, NameField } from "./ProfileFields.js"
import { RoleField } from "./RoleField.js"

type Way = "link" | "password"

const Ways = ({ way, setWay }: { readonly way: Way; readonly setWay: (way: Way) => void }) => (
  <fieldset className="flex flex-col gap-2">
    <legend className="mb-1.5 text-[13px] font-medium text-soft">First password</legend>
    {(
      [
        ["link", "The person chooses it, by a link in a mail"],
        ["password", "I choose it, and pass it on"]
      ] as const
    ).map(([value, label]) => (
      <label key={value} className="flex items-center gap-3">
        <input type="radio" name="way" className="size-5 accent-accent" checked={way === value} onChange={() => setWay(value)} />
        {label}
      </label>
    ))}
  </fieldset>
)

/** Adds somebody: who it is, what the person may do, and how the person gets in the first time. */
export const NewPersonForm = ({ onClose }: { readonly onClose: () => void }) => {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const sendsMail = useQuery(waysQuery(undefined)).data?.passwordReset === true
  const [username, setUsername] = useState("")
  const [displayName, setDisplayName] = useState("")
  const [email, setEmail] = useState("")
  const [role, setRole] = useState<Role>("viewer")
  const [chosen, setChosen] = useState<Way>("link")
  const next = useNewPassword()
  const way = sendsMail ? chosen : "password"
  const add = useMutation({
    mutationFn: () =>
      addPerson(queries, {
        username: username.trim(),
        role,
        displayName: displayName.trim() || null,
        email: email.trim() || null,
        ...(way === "password" ? { password: next.password } : {})
      }),
    onSuccess: ({ id }) => navigate({ to: "/people/$id", params: { id } })
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (way === "link" || next.check()) add.mutate()
  }
  return (
    <form onSubmit={submit} className="panel mb-4 flex flex-col gap-4 p-4 sm:p-5" aria-label="Add a person">
      <h2 className="font-semibold">Add a person</h2>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="User name"
          name="username"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus
          maxLength={100}
          hint="What the person signs in with."
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <NameField own={false} value={displayName} onChange={setDisplayName} />
        <MailField own={false} required={way === "link"} value={email} onChange={setEmail} />
        <RoleField role={role} onChange={setRole} />
      </div>
      {sendsMail && <Ways way={chosen} setWay={setChosen} />}
      {way === "password" && (
        <div className="grid gap-4 sm:grid-cols-2">
          <NewPasswordFields state={next} />
        </div>
      )}
      {add.isError && <Notice tone="bad" title={errorWords(add.error)} />}
      <div className="flex gap-2">
        <Button type="submit" tone="primary" busy={add.isPending}>
          {way === "link" ? "Add and send the link" : "Add"}
        </Button>
        <Button tone="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
