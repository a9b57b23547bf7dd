import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link, useRouter } from "@tanstack/react-router"
import type { ProviderButton } from "@vigil/core/IdentityProvider"
import { type FormEvent, useState } from "react"
import { providerAddress, waysQuery } from "../client/Account.js"
import { HttpRefused, setupQuery, signIn } from "../client/Session.js"
import { Button, buttonClass } from "../component/Button.js"
import { TextField } from "../component/Field.js"
import { FrontDoor } from "../component/FrontDoor.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"
import { refusalWords } from "../words/SignInWords.js"

const route = getRouteApi("/login")

const kindOf = (error: unknown): string => (error instanceof HttpRefused && error.status === 401 ? error.kind : "")

const ProviderButtons = ({
  providers,
  to
}: {
  readonly providers: ReadonlyArray<ProviderButton>
  readonly to: string | undefined
}) =>
  providers.length > 0 && (
    <div className="mt-6 flex flex-col gap-3 border-t border-line pt-6">
      {providers.map(({ name, slug }) => (
        <a key={slug} href={providerAddress(slug, to)} className={buttonClass("plain")}>
          Sign in with {name}
        </a>
      ))}
    </div>
  )

const Credentials = ({
  state: [username, setUsername, password, setPassword]
}: {
  readonly state: readonly [string, (text: string) => void, string, (text: string) => void]
}) => (
  <>
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
  </>
)

export const LoginPage = () => {
  const queries = useQueryClient()
  const router = useRouter()
  const { provider, refused, to } = route.useSearch()
  const setupNeeded = useQuery(setupQuery).data === true
  const ways = useQuery(waysQuery(provider)).data
  const [username, setUsername] = useState("")
  const [password, setPassword] = useState("")
  const [code, setCode] = useState("")
  const [codeWanted, setCodeWanted] = useState(false)
  const login = useMutation({
    mutationFn: () => signIn(queries, username, password, codeWanted ? code : undefined),
    onSuccess: () => router.history.push(to ?? "/"),
    onError: (error) => setCodeWanted(kindOf(error).startsWith("code-"))
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    login.mutate()
  }
  const failure = login.isError && kindOf(login.error) !== "code-needed" ? errorWords(login.error) : undefined
  return (
    <FrontDoor title="Sign in" intro="Cameras, events and live video of this installation.">
      {setupNeeded && (
        <div className="mb-5">
          <Notice tone="calm" title="Vigil has no administrator yet">
            Open the one-time link that Vigil printed when it started to choose a name and password.
          </Notice>
        </div>
      )}
      {refused !== undefined && !login.isError && (
        <div className="mb-5">
          <Notice tone="bad" title={refusalWords(refused)} />
        </div>
      )}
      <form onSubmit={submit} className="flex flex-col gap-4">
        {codeWanted ? (
          <TextField
            label="Code"
            name="code"
            inputMode="text"
            autoComplete="one-time-code"
            required
            autoFocus
            hint="The six digits of your authenticator app, or a recovery code."
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        ) : (
          <Credentials state={[username, setUsername, password, setPassword]} />
        )}
        {failure !== undefined && <Notice tone="bad" title={failure} />}
        <Button type="submit" tone="primary" busy={login.isPending}>
          Sign in
        </Button>
        {ways?.passwordReset === true && !codeWanted && (
          <Link to="/forgot-password" className={buttonClass("quiet")}>
            Forgot password
          </Link>
        )}
      </form>
      <ProviderButtons providers={codeWanted ? [] : (ways?.providers ?? [])} to={to} />
    </FrontDoor>
  )
}
