import { useId, useState } from "react"
import { Icon } from "../component/Icon.js"

/** Words that are typed one after the other, each with Enter or a comma; `known` are offered. */
export const LabelsField = ({
  label,
  hint,
  error,
  labels,
  known,
  onChange
}: {
  readonly label: string
  readonly hint: string
  readonly error?: string | undefined
  readonly labels: ReadonlyArray<string>
  readonly known: ReadonlyArray<string>
  readonly onChange: (labels: ReadonlyArray<string>) => void
}) => {
  const id = useId()
  const [typed, setTyped] = useState("")
  const take = (text: string) => {
    const words = text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== "")
    setTyped("")
    if (words.length > 0) onChange([...new Set([...labels, ...words])])
  }
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="text-[13px] font-medium text-soft">
        {label}
      </label>
      <div className="field flex flex-wrap items-center gap-1.5 py-1.5 focus-within:border-accent">
        <ul className="contents" aria-label={`${label} so far`}>
          {labels.map((each) => (
            <li key={each} className="flex items-center rounded bg-raised pl-2 text-[13px]">
              {each}
              <button
                type="button"
                aria-label={`Remove ${each}`}
                className="grid size-7 place-items-center text-muted hover:text-ink"
                onClick={() => onChange(labels.filter((other) => other !== each))}
              >
                <Icon name="close" size={13} />
              </button>
            </li>
          ))}
        </ul>
        <input
          id={id}
          list={`${id}-known`}
          className="min-h-7 min-w-24 flex-1 bg-transparent outline-none"
          autoComplete="off"
          autoCapitalize="none"
          maxLength={200}
          aria-describedby={`${id}-note`}
          aria-invalid={error !== undefined}
          value={typed}
          onChange={(event) => (event.target.value.includes(",") ? take(event.target.value) : setTyped(event.target.value))}
          onBlur={() => take(typed)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && typed.trim() !== "") {
              event.preventDefault()
              take(typed)
            } else if (event.key === "Backspace" && typed === "") {
              onChange(labels.slice(0, -1))
            }
          }}
        />
        <datalist id={`${id}-known`}>
          {known
            .filter((word) => !labels.includes(word))
            .map((word) => (
              <option key={word} value={word} />
            ))}
        </datalist>
      </div>
      <p id={`${id}-note`} className={`text-[13px] ${error === undefined ? "text-muted" : "text-bad"}`} role={error && "alert"}>
        {error ?? hint}
      </p>
    </div>
  )
}
