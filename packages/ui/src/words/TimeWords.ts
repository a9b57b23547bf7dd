const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const day = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "short" })

const sameDay = (a: Date, b: Date): boolean => a.toDateString() === b.toDateString()

/** In the reader's time zone and manner. */
export const localTime = (date: Date, dated: "always" | "when-not-today", now: Date = new Date()): string =>
  dated === "always" || !sameDay(date, now) ? `${day.format(date)}, ${time.format(date)}` : time.format(date)

/** `2026-05-04 13:02:11.250 UTC` */
export const utcTime = (date: Date): string => `${date.toISOString().replace("T", " ").replace("Z", "")} UTC`

/** `12 s`, `3 min`, `5 h`, `2 days`. */
export const duration = (milliseconds: number): string => {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000))
  if (seconds < 90) return `${seconds} s`
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`
  if (seconds < 36 * 3_600) return `${Math.round(seconds / 3_600)} h`
  return `${Math.round(seconds / 86_400)} days`
}
