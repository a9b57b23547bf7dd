import { useMutation, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router"
import { type FormEvent, useState } from "react"
import { setUp } from "../client/Session.js"
import { Button, buttonClass } from "../component/Button.js"
import { TextField } from "../component/Field.js"
import { FrontDoor } from "../component/FrontDoor.js"
import { NewPasswordFields, useNewPassword } from "../component/NewPassword.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"

const route = getRouteApi("/setup")

const SetupForm = ({ token }: { readonly token: string }) => {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [username, setUsername] = useState("admin")
  const next = useNewPassword()
  const setup = useMutation({
    mutationFn: () => setUp(queries, token, username, next.password),
    onSuccess: () => navigate({ to: "/", replace: true })
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (next.check()) setup.mutate()
  }
  return (
    <FrontDoor title="Set up Vigil" intro="Choose the name and password of the first administrator. This link works once.">
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          required
          maxLength={100}
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <NewPasswordFields state={next} />
        {setup.isError && <Notice tone="bad" title={errorWords(setup.error)} />}
        <Button type="submit" tone="primary" busy={setup.isPending}>
          Create administrator
        </Button>
      </form>
    </FrontDoor>
  )
}

export const SetupPage = () => {
  const { token } = route.useSearch()
  if (token !== undefined) return <SetupForm token={token} />
  return (
    <FrontDoor
      title="Set up Vigil"
      intro="This page needs the whole one-time link that Vigil prints when it starts, with its token."
    >
      <Link to="/login" className={buttonClass("plain")}>
        To the log-in page
      </Link>
    </FrontDoor>
  )
}
