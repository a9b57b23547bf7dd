import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, useRouter } from "@tanstack/react-router"
import { type FormEvent, useState } from "react"
import { HttpRefused, setupQuery, signIn } from "../client/Session.js"
import { Button } from "../component/Button.js"
import { TextField } from "../component/Field.js"
import { FrontDoor } from "../component/FrontDoor.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"

const route = getRouteApi("/login")

const refusal = (error: unknown): string =>
  error instanceof HttpRefused && error.status === 401 ? "User name or password is wrong." : errorWords(error)

export const LoginPage = () => {
  const queries = useQueryClient()
  const router = useRouter()
  const { to } = route.useSearch()
  const setupNeeded = useQuery(setupQuery).data === true
  const [username, setUsername] = useState("")
  const [password, setPassword] = useState("")
  const login = useMutation({
    mutationFn: () => signIn(queries, username, password),
    onSuccess: () => router.history.push(to ?? "/")
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    login.mutate()
  }
  return (
    <FrontDoor title="Sign in" intro="Cameras, events and live video of this installation.">
      {setupNeeded && (
        <div className="mb-5">
          <Notice tone="calm" title="Vigil has no administrator yet">
            Open the one-time link that Vigil printed when it started to choose a name and password.
          </Notice>
        </div>
      )}
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          required
          autoFocus
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {login.isError && <Notice tone="bad" title={refusal(login.error)} />}
        <Button type="submit" tone="primary" busy={login.isPending}>
          Sign in
        </Button>
      </form>
    </FrontDoor>
  )
}
