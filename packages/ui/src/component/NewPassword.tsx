import { useState } from "react"
import { TextField } from "./Field.js"

/** A password that is typed twice. */
export const useNewPassword = () => {
  const [password, setPassword] = useState("")
  const [again, setAgain] = useState("")
  const [differ, setDiffer] = useState(false)
  return {
    password,
    setPassword,
    again,
    setAgain,
    differ,
    /** Whether it was typed twice alike. What else is wanted of it depends on the tenant: the server says so. */
    check: (): boolean => {
      setDiffer(password !== again)
      return password === again
    },
    clear: () => {
      setPassword("")
      setAgain("")
    }
  }
}

export const NewPasswordFields = ({
  state: { again, differ, password, setAgain, setPassword },
  label = "Password"
}: {
  readonly state: ReturnType<typeof useNewPassword>
  readonly label?: string
}) => (
  <>
    <TextField
      label={label}
      name="password"
      type="password"
      autoComplete="new-password"
      required
      hint="A few unrelated words are long, and easy to remember."
      value={password}
      onChange={(event) => setPassword(event.target.value)}
    />
    <TextField
      label={`${label} again`}
      name="password-again"
      type="password"
      autoComplete="new-password"
      required
      error={differ ? "The two passwords differ." : undefined}
      value={again}
      onChange={(event) => setAgain(event.target.value)}
    />
  </>
)
