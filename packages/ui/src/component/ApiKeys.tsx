import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { type ApiKey, ApiKeyScope, roleOfScope } from "@vigil/core/ApiKey"
import { permits } from "@vigil/core/User"
import { Array as List, DateTime } from "effect"
import { type FormEvent, useState } from "react"
import { apiKeysQuery, makeApiKey, revokeApiKey } from "../client/ApiKeys.js"
import { useUser } from "../client/ClientContext.js"
import { Outcome } from "../form/Outcome.js"
import { Badge } from "./Badge.js"
import { Button } from "./Button.js"
import { useNow } from "./Clock.js"
import { Command } from "./Command.js"
import { Confirm } from "./Confirm.js"
import { CheckField, SelectField, TextField } from "./Field.js"
import { Loaded } from "./Loaded.js"
import { Notice } from "./Notice.js"
import { Time } from "./Time.js"

const scopeWords: Readonly<Record<ApiKeyScope, string>> = {
  read: "Read cameras, events and pictures",
  operate: "Answer events, restart cameras",
  configure: "Add and change cameras, places and models"
}

const days = [30, 90, 365] as const

const KeyForm = ({ onClose }: { readonly onClose: () => void }) => {
  const queries = useQueryClient()
  const { role } = useUser()
  const [name, setName] = useState("")
  const [scopes, setScopes] = useState<ReadonlyArray<ApiKeyScope>>(["read"])
  const [lasts, setLasts] = useState("90")
  const make = useMutation({
    mutationFn: (chosen: List.NonEmptyReadonlyArray<ApiKeyScope>) =>
      makeApiKey(queries, {
        name: name.trim(),
        scopes: chosen,
        ...(lasts === "" ? {} : { expiresAt: DateTime.add(DateTime.unsafeNow(), { days: Number(lasts) }) })
      })
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (List.isNonEmptyReadonlyArray(scopes)) make.mutate(scopes)
  }
  if (make.isSuccess)
    return (
      <div className="flex flex-col gap-3">
        <Notice tone="good" title={`The key ${make.data.name} is made`}>
          Give it to the program now: it is not shown again.
        </Notice>
        <Command>{make.data.key}</Command>
        <div>
          <Button onClick={onClose}>I have kept it</Button>
        </div>
      </div>
    )
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
      <TextField
        label="Name"
        hint="Which program has it."
        required
        autoFocus
        maxLength={100}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <fieldset className="flex flex-col gap-2">
        <legend className="mb-2 text-[13px] font-medium text-soft">What the program may do</legend>
        {ApiKeyScope.literals.map(
          (scope) =>
            permits(role, roleOfScope(scope)) && (
              <CheckField
                key={scope}
                label={scopeWords[scope]}
                checked={scopes.includes(scope)}
                onChange={(event) =>
                  setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((other) => other !== scope))
                }
              />
            )
        )}
      </fieldset>
      <SelectField label="Valid for" value={lasts} onChange={(event) => setLasts(event.target.value)}>
        {days.map((count) => (
          <option key={count} value={count}>
            {count} days
          </option>
        ))}
        <option value="">Until it is revoked</option>
      </SelectField>
      {scopes.length === 0 && <p className="text-[13px] text-warn">Choose what it may do.</p>}
      <div className="flex flex-wrap items-end gap-2">
        <div className="flex flex-col gap-4">
          <Outcome work={make} label="Make the key" done="" />
        </div>
        <Button tone="quiet" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

const Row = ({ apiKey }: { readonly apiKey: ApiKey }) => {
  const queries = useQueryClient()
  const self = useUser()
  const now = useNow()
  const { createdAt, expiresAt, hint, id, lastUsedAt, name, owner, scopes } = apiKey
  const isOver = expiresAt !== null && expiresAt.epochMillis <= now
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 py-3" data-testid="api-key">
      <div className="min-w-0 flex-[1_1_14rem]">
        <p className="flex flex-wrap items-center gap-x-2">
          <span className="font-medium break-words">{name}</span>
          <code className="text-[13px] text-muted">{hint}…</code>
          {owner.id !== self.id && <Badge tone="calm">{owner.username}</Badge>}
          {isOver && <Badge tone="warn">expired</Badge>}
        </p>
        <p className="text-[13px] text-muted">
          {scopes.join(", ")} · made <Time at={createdAt} withDate />
          {expiresAt !== null && (
            <>
              {" "}
              · until <Time at={expiresAt} withDate />
            </>
          )}
          {" · "}
          {lastUsedAt === null ? (
            "never used"
          ) : (
            <>
              used <Time at={lastUsedAt} withDate />
            </>
          )}
        </p>
      </div>
      <Confirm
        label="Revoke"
        question={`Revoke ${name}? The program is let in no more.`}
        yes="Revoke"
        work={() => revokeApiKey(queries, id)}
      />
    </li>
  )
}

/** The keys by which programs act in one's name; of administrators all of the tenant. */
export const ApiKeys = () => {
  const keys = useQuery(apiKeysQuery)
  const [isMaking, setMaking] = useState(false)
  return (
    <div className="flex flex-col gap-4">
      <Loaded query={keys}>
        {(all) =>
          all.length === 0 ? (
            <p className="text-muted">No keys yet.</p>
          ) : (
            <ul className="-my-3 divide-y divide-line">
              {all.map((apiKey) => (
                <Row key={apiKey.id} apiKey={apiKey} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {isMaking ? (
        <KeyForm onClose={() => setMaking(false)} />
      ) : (
        <div>
          <Button small icon="plus" onClick={() => setMaking(true)}>
            Make a key
          </Button>
        </div>
      )}
    </div>
  )
}
