import type { DateTime } from "effect"
import { localTime, utcTime } from "../words/TimeWords.js"

/** A point in time in the reader's own zone; UTC when pointed at. */
export const Time = ({ at, withDate = false }: { readonly at: DateTime.Utc; readonly withDate?: boolean }) => {
  const date = new Date(at.epochMillis)
  return (
    <time dateTime={date.toISOString()} title={utcTime(date)} className="tabular whitespace-nowrap">
      {localTime(date, withDate ? "always" : "when-not-today")}
    </time>
  )
}
