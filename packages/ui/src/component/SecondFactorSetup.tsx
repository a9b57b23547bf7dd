import { useMutation, useQueryClient } from "@tanstack/react-query"
import { type FormEvent, useState } from "react"
import { confirmSecondFactor, offerSecondFactor, secondFactorQuery } from "../client/Account.js"
import { errorWords } from "../words/ErrorWords.js"
import { Button } from "./Button.js"
import { TextField } from "./Field.js"
import { Notice } from "./Notice.js"
import { QrCode } from "./QrCode.js"

const inGroups = (secret: string): string => secret.replace(/(.{4})(?=.)/g, "$1 ")

const RecoveryCodes = ({ codes, onDone }: { readonly codes: ReadonlyArray<string>; readonly onDone: () => void }) => (
  <div className="flex flex-col gap-4">
    <Notice tone="good" title="Your second factor is set up">
      Keep these recovery codes where you find them without your phone. Each lets you in once; they are not shown again.
    </Notice>
    <ul className="panel grid grid-cols-2 gap-x-6 gap-y-1 p-4 font-mono text-[13px]" data-testid="recovery-codes">
      {codes.map((code) => (
        <li key={code}>{code}</li>
      ))}
    </ul>
    <Button tone="primary" onClick={onDone}>
      I have kept them
    </Button>
  </div>
)

/** Sets up an authenticator app: password, secret, first code, recovery codes. */
export const SecondFactorSetup = ({ onDone }: { readonly onDone: () => void }) => {
  const queries = useQueryClient()
  const [password, setPassword] = useState("")
  const [code, setCode] = useState("")
  const offer = useMutation({ mutationFn: () => offerSecondFactor(password) })
  const confirm = useMutation({ mutationFn: () => confirmSecondFactor(code) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (offer.isSuccess) confirm.mutate()
    else offer.mutate()
  }
  // Signing out meanwhile cancels the question, and ends this all the same.
  const finish = () => void queries.fetchQuery({ ...secondFactorQuery, staleTime: 0 }).then(onDone, onDone)
  if (confirm.isSuccess) return <RecoveryCodes codes={confirm.data} onDone={finish} />
  const failed = offer.isSuccess ? confirm : offer
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      {offer.isSuccess ? (
        <>
          <p>
            Add an account to your authenticator app with this code or key, or, on the device that has the app,{" "}
            <a href={offer.data.uri} className="text-accent hover:underline">
              open it there
            </a>
            .
          </p>
          <QrCode label="For your authenticator app" text={offer.data.uri} />
          <p className="panel p-4 font-mono break-all" data-testid="second-factor-secret">
            {inGroups(offer.data.secret)}
          </p>
          <TextField
            label="Code"
            name="code"
            inputMode="numeric"
            autoComplete="one-time-code"
            required
            autoFocus
            hint="The six digits that the app shows now."
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </>
      ) : (
        <TextField
          label="Your password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      )}
      {failed.isError && <Notice tone="bad" title={errorWords(failed.error)} />}
      <div>
        <Button type="submit" tone="primary" busy={offer.isPending || confirm.isPending}>
          {offer.isSuccess ? "Confirm" : "Set up"}
        </Button>
      </div>
    </form>
  )
}
