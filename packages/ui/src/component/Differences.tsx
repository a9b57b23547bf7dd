import { useQuery } from "@tanstack/react-query"
import type { ObjectDifference } from "@vigil/core/ObjectHistory"
import { placePaths } from "@vigil/core/Place"
import { placesQuery } from "../client/Places.js"
import { changeTexts, fieldWords } from "../words/HistoryWords.js"

/** What differs, field by field: old, then new; of what is `added` again new alone. */
export const Differences = ({
  fields,
  added = false
}: {
  readonly fields: ObjectDifference["fields"]
  readonly added?: boolean
}) => {
  const names = placePaths(useQuery(placesQuery).data ?? [])
  return (
    <ul className="flex flex-col gap-1.5 rounded-lg border border-line bg-ground p-3 text-[13px]" data-testid="differences">
      {fields.map(({ after, before, field }) => {
        const [old, fresh] = changeTexts(before, after, names)
        return (
          <li key={field} className="grid gap-x-3 sm:grid-cols-[10rem_minmax(0,1fr)]">
            <span className="break-words text-muted">{fieldWords(field)}</span>
            <span className="min-w-0 break-words">
              {!added && (
                <>
                  <del className="text-muted decoration-muted/60">{old}</del>
                  <span className="mx-1.5 text-muted" aria-hidden="true">
                    →
                  </span>
                  <span className="sr-only"> became </span>
                </>
              )}
              <ins className="no-underline">{fresh}</ins>
            </span>
          </li>
        )
      })}
    </ul>
  )
}
