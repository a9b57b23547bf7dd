import { Role } from "@vigil/core/User"
import { SelectField } from "../component/Field.js"
import { roleWords } from "../words/RoleWords.js"

export const RoleField = ({ role, onChange }: { readonly role: Role; readonly onChange: (role: Role) => void }) => (
  <SelectField
    label="Role"
    hint={`${roleWords[role]}.`}
    value={role}
    onChange={(event) => onChange(Role.literals.find((each) => each === event.target.value) ?? role)}
  >
    {Role.literals.map((each) => (
      <option key={each} value={each}>
        {each}
      </option>
    ))}
  </SelectField>
)
