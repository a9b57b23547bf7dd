/**
 * Numbers of a spreadsheet as people see them there (ECMA-376 part 1, 18.8.30): a date is kept as a count of days, an article number as 42 that is shown as 00042.
 *
 * @module
 */

type Show = (value: number) => string

const day = 86_400_000

/** Day 0 of workbooks that count from 1900. They have a 29 February 1900 that never was; days before it are one off. */
const since1900 = Date.UTC(1899, 11, 30)
const since1904 = Date.UTC(1904, 0, 1)

/** Excel keeps 15 digits, and shows no more. */
const plain: Show = (value) => String(Number(value.toPrecision(15)))

/** ISO 8601, with a blank for the T: whichever language a format is in. */
const moment =
  (hasDate: boolean, hasTime: boolean, origin: number): Show =>
  (value) => {
    const at = new Date(origin + Math.round(value * 86_400) * 1000)
    if (!Number.isFinite(at.getTime()) || value < 0) return plain(value)
    const [date = "", time = ""] = at.toISOString().slice(0, -5).split("T")
    if (!hasDate && value < 1) return time
    return hasTime && at.getTime() % day !== 0 ? `${date} ${time}` : date
  }

/** `[h]:mm` goes on over a day. */
const elapsed: Show = (value) => {
  const seconds = Math.round(value * 86_400)
  const two = (part: number) => String(part).padStart(2, "0")
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

const builtIn = (id: number): string | undefined => {
  if (id === 9 || id === 10) return id === 9 ? "0%" : "0.00%"
  if (id === 22) return "yyyy-mm-dd hh:mm"
  if (id === 46) return "[h]:mm:ss"
  if ((id >= 18 && id <= 21) || id === 45 || id === 47) return "hh:mm:ss"
  const isDate = (id >= 14 && id <= 17) || (id >= 27 && id <= 36) || (id >= 50 && id <= 58)
  return isDate ? "yyyy-mm-dd" : undefined
}

const byCode = (code: string, is1904: boolean): Show => {
  const [positive = ""] = code.split(";")
  const bare = positive.replace(/"[^"]*"|\\.|_.|\*./g, "").toLowerCase()
  if (/\[(h+|m+|s+)\]/.test(bare)) return elapsed
  const letters = bare.replace(/\[[^\]]*\]|general|am\/pm|a\/p/g, "")
  const hasTime = /[hs]/.test(letters)
  const hasDate = /[yd]/.test(letters) || (/m/.test(letters) && !hasTime)
  if (hasDate || hasTime) return moment(hasDate, hasTime, is1904 ? since1904 : since1900)
  const percent = /^0(?:\.(0+))?%$/.exec(bare)
  if (percent !== null) return (value) => `${(value * 100).toFixed(percent[1]?.length ?? 0)}%`
  return /^0{2,}$/.test(bare) ? (value) => String(Math.round(value)).padStart(bare.length, "0") : plain
}

/** How the cells of each style show numbers: `styles` are the ids of their formats, in order; `codes` those that the workbook has itself. */
export const numberFormats = (
  styles: ReadonlyArray<number>,
  codes: ReadonlyMap<number, string>,
  is1904: boolean
): ((text: string, style: number) => string) => {
  const shows = styles.map((id) => byCode(codes.get(id) ?? builtIn(id) ?? "", is1904))
  return (text, style) => {
    const value = Number(text)
    if (text.trim() === "" || !Number.isFinite(value)) return text
    return (shows[style] ?? plain)(value)
  }
}
