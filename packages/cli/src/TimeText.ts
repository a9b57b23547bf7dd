import { Options } from "@effect/cli"
import { DateTime, Duration, Option } from "effect"

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `5m`, `1.5h`, `500ms`, `2d`; a bare number is seconds. */
const parseDuration = (text: string): Option.Option<Duration.Duration> => {
  const [, count, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim()) ?? []
  return count === undefined ? Option.none() : Option.some(Duration.millis(Number(count) * (units[unit] ?? 1)))
}

/** Whether it begins with a day that is in the calendar, which `Date` goes beyond: 30 February is 2 March to it. */
export const isCalendarDay = (text: string): boolean => {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(text) ?? []
  return day !== undefined && new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day)
}

/** A moment: so long ago, or a date with or without a time (ISO 8601; local where it names no zone). */
const parseMoment = (text: string, now: number): Option.Option<DateTime.Utc> => {
  const ago = parseDuration(text)
  if (Option.isSome(ago)) return DateTime.make(now - Duration.toMillis(ago.value))
  const local = /^\d{4}-\d{2}-\d{2}$/.test(text.trim()) ? `${text.trim()}T00:00` : text.trim()
  return /^\d{4}-\d{2}-\d{2}T/.test(local) && isCalendarDay(local) ? DateTime.make(new Date(local)) : Option.none()
}

/** An option that takes a moment. */
export const momentOption = (name: string, description: string) =>
  Options.text(name).pipe(
    Options.withDescription(`${description}: how long ago (90s, 5m, 2h, 1d) or when (2026-01-31, 2026-01-31T14:00).`),
    Options.filterMap(
      (text) => parseMoment(text, Date.now()),
      `--${name} takes a time ago such as 5m or 2h, or a date such as 2026-01-31T14:00`
    ),
    Options.optional
  )

/** An option that takes a duration. */
export const durationOption = (name: string, description: string) =>
  Options.text(name).pipe(
    Options.withDescription(description),
    Options.filterMap(parseDuration, `--${name} takes a duration such as 60s, 5m or 500ms`),
    Options.optional
  )
