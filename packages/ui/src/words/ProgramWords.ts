/** Browsers by what only they say of themselves; the first that is found counts, because all say they are others too. */
const browsers = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrom(e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"]
] as const

const systems = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Windows/, "Windows"],
  [/Mac OS X/, "macOS"],
  [/Linux/, "Linux"]
] as const

const first = (list: ReadonlyArray<readonly [RegExp, string]>, text: string) => list.find(([pattern]) => pattern.test(text))?.[1]

/** `Firefox on Windows`; what is no browser as it calls itself. */
export const programWords = (userAgent: string | null): string => {
  if (userAgent === null || userAgent === "") return "Unknown program"
  const browser = first(browsers, userAgent)
  if (browser === undefined) return userAgent
  const system = first(systems, userAgent)
  return system === undefined ? browser : `${browser} on ${system}`
}
