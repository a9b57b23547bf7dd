import { TextField } from "../component/Field.js"

interface Typed {
  readonly value: string
  readonly onChange: (text: string) => void
}

/** What somebody is called. Browsers fill in who sits before them where it is the `own`. */
export const NameField = ({ own, value, onChange }: Typed & { readonly own: boolean }) => (
  <TextField
    label="Name"
    name="name"
    autoComplete={own ? "name" : "off"}
    maxLength={100}
    value={value}
    onChange={(event) => onChange(event.target.value)}
  />
)

export const MailField = ({
  own,
  required = false,
  value,
  onChange
}: Typed & { readonly own: boolean; readonly required?: boolean }) => (
  <TextField
    label="Mail address"
    name="email"
    type="email"
    autoComplete={own ? "email" : "off"}
    required={required}
    hint="Where links for a new password and warnings go."
    value={value}
    onChange={(event) => onChange(event.target.value)}
  />
)
