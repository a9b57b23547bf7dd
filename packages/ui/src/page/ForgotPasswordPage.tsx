import { useMutation } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type FormEvent, useState } from "react"
import { askForPassword } from "../client/Account.js"
import { Button, buttonClass } from "../component/Button.js"
import { TextField } from "../component/Field.js"
import { FrontDoor } from "../component/FrontDoor.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"

export const ForgotPasswordPage = () => {
  const [nameOrAddress, setNameOrAddress] = useState("")
  const asked = useMutation({ mutationFn: () => askForPassword(nameOrAddress.trim()) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    asked.mutate()
  }
  return (
    <FrontDoor title="Forgot password" intro="A link for a new password is sent to the mail address of your account.">
      {asked.isSuccess ? (
        <div className="flex flex-col gap-4">
          <Notice tone="good" title="Look into your mail">
            If there is such an account with a mail address, a link is on its way. It works once, for half an hour. Without a mail
            address only an administrator can help.
          </Notice>
          <Link to="/login" className={buttonClass("plain")}>
            To the log-in page
          </Link>
        </div>
      ) : (
        <form onSubmit={submit} className="flex flex-col gap-4">
          <TextField
            label="User name or mail address"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            required
            autoFocus
            maxLength={254}
            value={nameOrAddress}
            onChange={(event) => setNameOrAddress(event.target.value)}
          />
          {asked.isError && <Notice tone="bad" title={errorWords(asked.error)} />}
          <Button type="submit" tone="primary" busy={asked.isPending}>
            Send a link
          </Button>
          <Link to="/login" className={buttonClass("quiet")}>
            Back
          </Link>
        </form>
      )}
    </FrontDoor>
  )
}
