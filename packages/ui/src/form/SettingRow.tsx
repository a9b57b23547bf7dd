import { useMutation, useQueryClient } from "@tanstack/react-query"
import type { SettingDefinition } from "@vigil/core/settings/SettingCatalogue"
import type { EffectiveSetting } from "@vigil/core/settings/SettingLevels"
import type { SettingPatch } from "@vigil/core/settings/SettingValues"
import { Predicate } from "effect"
import { type FormEvent, useState } from "react"
import { changeSettings, type SettingPlace } from "../client/Settings.js"
import { Badge } from "../component/Badge.js"
import { Button } from "../component/Button.js"
import { TextField } from "../component/Field.js"
import { Notice } from "../component/Notice.js"
import { errorWords } from "../words/ErrorWords.js"
import { originWords, settingText } from "../words/SettingWords.js"
import { type SettingField, settingFields, shown, withSetting } from "./SettingField.js"
import { SettingInput } from "./SettingInput.js"

/** How the setting is asked for; undefined where only JSON will do. */
const fieldOf = (key: string, definition: SettingDefinition | undefined): SettingField | undefined => {
  const schema = definition?.schema
  const definitions = Predicate.isReadonlyRecord(schema) ? schema["$defs"] : undefined
  const name = key.slice(key.lastIndexOf(".") + 1)
  return settingFields({ properties: { [name]: schema }, $defs: definitions })[0]
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    // Not every value is JSON: a word needs no quotes. The server says what fits.
    return text
  }
}

const valueOf = (field: SettingField | undefined, typed: string): unknown =>
  field === undefined ? parsed(typed) : withSetting({}, field, typed)[field.key]

interface RowProps {
  readonly place: SettingPlace
  readonly setting: EffectiveSetting
  readonly definition: SettingDefinition | undefined
  readonly siteName: string | undefined
  readonly mayChange: boolean
}

const Editor = ({
  field,
  setting,
  busy,
  onSave,
  onCancel
}: {
  readonly field: SettingField | undefined
  readonly setting: EffectiveSetting
  readonly busy: boolean
  readonly onSave: (value: unknown) => void
  readonly onCancel: () => void
}) => {
  const [typed, setTyped] = useState(field === undefined ? JSON.stringify(setting.value) : shown(setting.value))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSave(valueOf(field, typed))
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-3 sm:max-w-md">
      {field === undefined ? (
        <TextField label="JSON" value={typed} onChange={(event) => setTyped(event.target.value)} />
      ) : (
        <SettingInput field={field} value={typed} onChange={setTyped} />
      )}
      <div className="flex gap-2">
        <Button type="submit" tone="primary" small busy={busy} disabled={typed.trim() === ""}>
          Save
        </Button>
        <Button small tone="quiet" onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  )
}

/** One setting: its value, who says so, and a way to say something else. */
export const SettingRow = ({ definition, mayChange, place, setting, siteName }: RowProps) => {
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const change = useMutation({
    mutationFn: (patch: SettingPatch) => changeSettings(queries, place, patch),
    onSuccess: () => setOpen(false)
  })
  const isOwn = setting.inherited !== undefined
  return (
    <li className="flex flex-col gap-2 py-3" data-testid={`setting ${setting.key}`}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <code className="min-w-0 font-mono text-[13px] break-all">{setting.key}</code>
        <span className="min-w-0 font-medium break-words" data-testid="value">
          {settingText(setting.value)}
        </span>
        <span className="ml-auto flex flex-wrap items-center gap-2">
          <Badge tone={isOwn ? "calm" : "idle"}>{originWords(setting.origin, siteName)}</Badge>
          {mayChange && isOwn && (
            <Button small icon="undo" busy={change.isPending} onClick={() => change.mutate({ [setting.key]: null })}>
              Take back
            </Button>
          )}
          {mayChange && !isOpen && (
            <Button small icon="pencil" aria-label={`Change ${setting.key}`} onClick={() => setOpen(true)}>
              Change
            </Button>
          )}
        </span>
      </div>
      {definition !== undefined && <p className="text-[13px] text-muted">{definition.description}</p>}
      {setting.inherited !== undefined && (
        <p className="text-[13px] text-muted">Without that: {settingText(setting.inherited.value)}</p>
      )}
      {isOpen && (
        <Editor
          field={fieldOf(setting.key, definition)}
          setting={setting}
          busy={change.isPending}
          onSave={(value) => change.mutate({ [setting.key]: value })}
          onCancel={() => setOpen(false)}
        />
      )}
      {change.isError && <Notice tone="bad" title={errorWords(change.error)} />}
    </li>
  )
}
