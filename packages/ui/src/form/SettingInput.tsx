import { SelectField, TextField } from "../component/Field.js"
import { type SettingField, shown } from "./SettingField.js"

/** Asks for one setting; what is typed is text. */
export const SettingInput = ({
  field,
  value,
  onChange
}: {
  readonly field: SettingField
  readonly value: unknown
  readonly onChange: (typed: string) => void
}) => {
  const { label, hint, kind } = field
  switch (kind._tag) {
    case "Boolean":
    case "Choice":
      return (
        <SelectField label={label} hint={hint} value={shown(value)} onChange={(event) => onChange(event.target.value)}>
          <option value="">Default</option>
          {kind._tag === "Boolean"
            ? [
                <option key="true" value="true">
                  Yes
                </option>,
                <option key="false" value="false">
                  No
                </option>
              ]
            : kind.options.map((option) => (
                <option key={option} value={option}>
                  {option}
                </option>
              ))}
        </SelectField>
      )
    case "Number":
      return (
        <TextField
          label={label}
          hint={hint}
          type="number"
          placeholder="Default"
          min={kind.min}
          max={kind.max}
          step={kind.integer ? 1 : "any"}
          value={shown(value)}
          onChange={(event) => onChange(event.target.value)}
        />
      )
    case "Texts":
    case "Text":
      return (
        <TextField
          label={label}
          hint={hint === "" && kind._tag === "Texts" ? "Separated by commas" : hint}
          placeholder="Default"
          value={shown(value)}
          onChange={(event) => onChange(event.target.value)}
        />
      )
  }
}
