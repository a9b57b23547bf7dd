import { Button } from "../component/Button.js"
import { TextField } from "../component/Field.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"

interface Work {
  readonly isError: boolean
  readonly error: unknown
  readonly isSuccess: boolean
  readonly isPending: boolean
}

/** What became of a form, and its button. */
export const Outcome = ({ done, label, work }: { readonly done: string; readonly label: string; readonly work: Work }) => (
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

export const CurrentPassword = ({
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
