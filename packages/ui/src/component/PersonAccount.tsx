import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { Account } from "@vigil/core/Account"
import { useState } from "react"
import { changeProfileOf, releaseAccount } from "../client/Account.js"
import { ProfileForm } from "../form/ProfileForm.js"
import { errorWords } from "../words/ErrorWords.js"
import { Button } from "./Button.js"
import { Notice } from "./Notice.js"

const factsOf = ({ displayName, email, hasPassword, providers }: Account): string =>
  [displayName, email, ...(hasPassword ? [] : ["no password here"]), ...providers.map((name) => `signs in with ${name}`)]
    .filter((fact) => fact !== null)
    .join(" · ")

/** What administrators see and change of somebody's account. */
export const PersonAccount = ({ account }: { readonly account: Account }) => {
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const release = useMutation({ mutationFn: () => releaseAccount(queries, account) })
  return (
    <>
      {account.lock !== null && (
        <Notice tone="warn" title={`Locked after ${account.wrongPasswords} wrong passwords`}>
          <Button small busy={release.isPending} onClick={() => release.mutate()}>
            Release
          </Button>
          {release.isError && <p role="alert">{errorWords(release.error)}</p>}
        </Notice>
      )}
      <div className="flex flex-wrap items-center gap-3 text-[13px] text-muted">
        <span className="min-w-0 break-words">{factsOf(account)}</span>
        <Button
          small
          className="ml-auto"
          aria-expanded={isOpen}
          aria-label={`Profile of ${account.username}`}
          onClick={() => setOpen(!isOpen)}
        >
          Profile
        </Button>
      </div>
      {isOpen && <ProfileForm account={account} onSave={(change) => changeProfileOf(queries, account, change)} />}
    </>
  )
}
