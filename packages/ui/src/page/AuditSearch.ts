import { AuditAction, type AuditQuery } from "@vigil/core/AuditEntry"
import { DateTime, Schema } from "effect"
import { type MoreSearch, moreSearch } from "./MoreSearch.js"

/** The filters of the audit trail's page, and how much of it is shown, as they stand in its address. Days are the reader's. */
export interface AuditSearch extends MoreSearch {
  readonly actor?: string
  readonly action?: AuditAction
  readonly subject?: string
  readonly from?: string
  readonly to?: string
}

const isAction = Schema.is(AuditAction)
const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))

/** What of an address is known here; everything else is passed over. */
export const auditSearch = (search: Readonly<Record<string, unknown>>): AuditSearch => {
  const text = (key: string, fits: (value: string) => boolean): string | undefined => {
    const value = search[key]
    return typeof value === "string" && value !== "" && fits(value) ? value : undefined
  }
  const [actor, subject] = [text("actor", ({ length }) => length <= 100), text("subject", ({ length }) => length <= 100)]
  const [from, to] = [text("from", isDay), text("to", isDay)]
  const action = search["action"]
  return {
    ...(actor === undefined ? {} : { actor }),
    ...(isAction(action) ? { action } : {}),
    ...(subject === undefined ? {} : { subject }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...moreSearch(search)
  }
}

/** The day's first moment where the reader is, some days later. */
const startOf = (day: string, later = 0): DateTime.Utc => {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number)
  return DateTime.unsafeFromDate(new Date(year, month - 1, date + later))
}

/** What the server is asked for; `to` is the last day. */
export const auditFilter = ({ action, actor, from, subject, to }: AuditSearch): Omit<AuditQuery, "limit" | "before"> => ({
  ...(actor === undefined ? {} : { actor: actor.trim() }),
  ...(action === undefined ? {} : { action }),
  ...(subject === undefined ? {} : { subjectId: subject.trim() }),
  ...(from === undefined ? {} : { from: startOf(from) }),
  ...(to === undefined ? {} : { to: startOf(to, 1) })
})
