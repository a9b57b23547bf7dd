import { useMutation } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { type FormEvent, useEffect, useState } from "react"
import { setForgottenPassword } from "../client/Account.js"
import { Button, buttonClass } from "../component/Button.js"
import { FrontDoor } from "../component/FrontDoor.js"
import { NewPasswordFields, useNewPassword } from "../component/NewPassword.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"

/** The mailed link's token stands behind `#`, and is taken out of the address before anybody can see or bookmark it. */
const useToken = (): string => {
  const [token] = useState(() => location.hash.slice(1))
  useEffect(() => history.replaceState(history.state, "", location.pathname), [])
  return token
}

export const NewPasswordPage = () => {
  const token = useToken()
  const next = useNewPassword()
  const change = useMutation({ mutationFn: () => setForgottenPassword(token, next.password) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (next.check()) change.mutate()
  }
  if (change.isSuccess)
    return (
      <FrontDoor title="New password" intro="Your password is changed, and you were signed out everywhere.">
        <Link to="/login" className={buttonClass("primary")}>
          Sign in
        </Link>
      </FrontDoor>
    )
  if (token === "")
    return (
      <FrontDoor title="New password" intro="This page needs the whole link from the mail.">
        <Link to="/forgot-password" className={buttonClass("plain")}>
          Send another link
        </Link>
      </FrontDoor>
    )
  return (
    <FrontDoor title="New password" intro="Choose the new password of your account.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <NewPasswordFields state={next} label="New password" />
        {change.isError && <Notice tone="bad" title={errorWords(change.error)} />}
        <Button type="submit" tone="primary" busy={change.isPending}>
          Set password
        </Button>
      </form>
    </FrontDoor>
  )
}
