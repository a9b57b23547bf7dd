import { useQuery } from "@tanstack/react-query"
import type { PlaceId } from "@vigil/core/Ids"
import { placePaths } from "@vigil/core/Place"
import type { ReactNode } from "react"
import { placesQuery } from "../client/Places.js"
import { SelectField } from "../component/Field.js"

/** One of the tree of places, or `none`. */
export const PlaceField = ({
  value,
  onChange,
  none = "None",
  hint,
  error
}: {
  readonly value: PlaceId | null
  readonly onChange: (place: PlaceId | null) => void
  readonly none?: string
  readonly hint?: ReactNode
  readonly error?: string | undefined
}) => {
  const places = useQuery(placesQuery).data ?? []
  const paths = [...placePaths(places)].sort(([, a], [, b]) => a.localeCompare(b))
  return (
    <SelectField
      label="Place"
      hint={hint}
      error={error}
      value={value ?? ""}
      onChange={(event) => onChange(places.find(({ id }) => id === event.target.value)?.id ?? null)}
    >
      <option value="">{none}</option>
      {paths.map(([id, path]) => (
        <option key={id} value={id}>
          {path}
        </option>
      ))}
    </SelectField>
  )
}
