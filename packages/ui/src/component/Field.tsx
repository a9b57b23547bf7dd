import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes, useId } from "react"

interface Labelled {
  readonly label: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
}

const Frame = ({ id, label, hint, error, children }: Labelled & { readonly id: string; readonly children: ReactNode }) => (
  <div className="flex flex-col gap-1.5">
    <label htmlFor={id} className="text-[13px] font-medium text-soft">
      {label}
    </label>
    {children}
    {error !== undefined ? (
      <p id={`${id}-note`} className="text-[13px] text-bad" role="alert">
        {error}
      </p>
    ) : (
      hint !== undefined && (
        <p id={`${id}-note`} className="text-[13px] text-muted">
          {hint}
        </p>
      )
    )}
  </div>
)

const described = (id: string, { hint, error }: Omit<Labelled, "label">) => ({
  "aria-describedby": hint === undefined && error === undefined ? undefined : `${id}-note`,
  "aria-invalid": error !== undefined
})

export const TextField = ({ label, hint, error, ...rest }: Labelled & InputHTMLAttributes<HTMLInputElement>) => {
  const id = useId()
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <input id={id} className="field" {...described(id, { hint, error })} {...rest} />
    </Frame>
  )
}

export const TextAreaField = ({ label, hint, error, ...rest }: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) => {
  const id = useId()
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <textarea id={id} className="field min-h-20" {...described(id, { hint, error })} {...rest} />
    </Frame>
  )
}

export const SelectField = ({ label, hint, error, children, ...rest }: Labelled & SelectHTMLAttributes<HTMLSelectElement>) => {
  const id = useId()
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <select id={id} className="field" {...described(id, { hint, error })} {...rest}>
        {children}
      </select>
    </Frame>
  )
}

export const CheckField = ({
  label,
  hint,
  ...rest
}: Omit<Labelled, "error"> & Omit<InputHTMLAttributes<HTMLInputElement>, "type">) => {
  const id = useId()
  return (
    <div className="flex items-start gap-3">
      <input id={id} type="checkbox" className="mt-0.5 size-5 shrink-0 accent-accent" {...described(id, { hint })} {...rest} />
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium break-words">
          {label}
        </label>
        {hint !== undefined && (
          <p id={`${id}-note`} className="text-[13px] text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  )
}
