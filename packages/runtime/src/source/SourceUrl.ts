import { type Credentials, SourceError, supportedSchemes } from "@vigil/core/Source"
import { Effect, Redacted } from "effect"

type Scheme = (typeof supportedSchemes)[number]

/** A source's address as a person typed it, taken apart. */
export interface SourceUrl {
  readonly scheme: Scheme
  /** Without user information: may be stored, shown and logged. */
  readonly url: string
  readonly credentials?: Credentials
}

const maxLength = 2048

const secretParameter = /pass|pwd|secret|token|user|usr|login|auth|key|sign|session/i

/** Puts stars in place of what looks like a secret in a query, or in a path as some cameras have it (`/user=a_password=b_channel=1`). */
const hideSecrets = (url: string): string => {
  const query = url.indexOf("?")
  const path = query < 0 ? url : url.slice(0, query)
  const hide = (whole: string, mark: string, name: string) => (secretParameter.test(name) ? `${mark}${name}=***` : whole)
  return (
    path.replace(/([/_&])([A-Za-z]+)=(.*?)(?=_[A-Za-z]+=|[/&#]|$)/g, hide) +
    url.slice(path.length).replace(/([?&;])([^=&;#]+)=([^&;#]*)/g, hide)
  )
}

/** Everything between the scheme and the last `@`, wherever that is: the text may be no URL, and a password may have any character. */
const withoutUser = (text: string): string => {
  const start = text.indexOf("://")
  const afterScheme = start < 0 ? 0 : start + 3
  return text.slice(0, afterScheme) + text.slice(Math.max(afterScheme, text.lastIndexOf("@") + 1))
}

/** Everything up to the last `@` before the path is user information, so that `@`, `:`, `?` and `#` in a password need no encoding. */
const splitUser = (rest: string): { readonly host: string; readonly user: string | undefined } => {
  const slash = rest.indexOf("/")
  const authority = slash < 0 ? rest : rest.slice(0, slash)
  const at = authority.lastIndexOf("@")
  return at < 0 ? { host: rest, user: undefined } : { host: rest.slice(at + 1), user: rest.slice(0, at) }
}

const toCredentials = (user: string): Credentials => {
  const colon = user.indexOf(":")
  const username = colon < 0 ? user : user.slice(0, colon)
  const password = colon < 0 ? "" : user.slice(colon + 1)
  return { username: decode(username), password: Redacted.make(decode(password)) }
}

/**
 * A valid address as errors and logs may show it: no user information, and no value of a parameter that looks like a secret (many
 * cameras take `?user=..&pwd=..`).
 */
export const displayUrl = (url: string): string => {
  const start = url.indexOf("://") + 3
  const clean = start < 3 ? withoutUser(url) : url.slice(0, start) + splitUser(url.slice(start)).host
  return hideSecrets(clean).slice(0, maxLength)
}

const invalid = (text: string, detail: string) =>
  new SourceError({ reason: "invalid-url", url: hideSecrets(withoutUser(text.trim())).slice(0, maxLength), detail })

const isSupported = (scheme: string): scheme is Scheme => supportedSchemes.some((supported) => supported === scheme)

/** Percent-decodes; text with a stray `%` is taken as it is, because people paste passwords without encoding them. */
const decode = (text: string): string => {
  if (!/%[0-9A-Fa-f]{2}/.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch {
    // Not UTF-8 behind the percent signs: then they were meant literally.
    return text
  }
}

const checkNetworkUrl = (text: string, url: string): SourceError | undefined => {
  if (!URL.canParse(url)) {
    return invalid(
      text,
      "The address is not a valid URL; encode / in a user name or password as %2F, and put IPv6 addresses in brackets"
    )
  }
  const parsed = new URL(url)
  if (parsed.hostname === "") return invalid(text, "The address names no host; write it as rtsp://host[:port]/path")
  if (parsed.username !== "" || parsed.password !== "")
    return invalid(text, "The address has user information in an unexpected place")
  return parsed.port === "0" ? invalid(text, "Port 0 cannot be connected to") : undefined
}

/**
 * Takes an address apart into scheme, clean URL and credentials, and says what is wrong with it in one sentence. Never repeats a
 * password, not even of an address that is wrong.
 */
export const parseSourceUrl = (text: string): Effect.Effect<SourceUrl, SourceError> => {
  const trimmed = text.trim()
  if (trimmed.length > maxLength) return Effect.fail(invalid("", `The address is longer than ${maxLength} characters`))
  if (/[\u0000-\u0020\u007f]/.test(trimmed))
    return Effect.fail(invalid(trimmed, "The address has blanks or control characters in it"))
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/.exec(trimmed)
  const [, name = "", rest = ""] = match ?? []
  const scheme = name.toLowerCase()
  if (match === null || !isSupported(scheme)) {
    const schemes = supportedSchemes.map((supported) => `${supported}://`).join(", ")
    return Effect.fail(invalid(trimmed, `The address must begin with one of ${schemes}`))
  }
  if (scheme === "file" || scheme === "v4l2") {
    return rest.startsWith("/")
      ? Effect.succeed({ scheme, url: `${scheme}://${rest}` })
      : Effect.fail(invalid(trimmed, `A ${scheme} address needs an absolute path: ${scheme}:///path`))
  }
  const { host, user } = splitUser(rest)
  const url = `${scheme}://${host}`
  const error = checkNetworkUrl(trimmed, url)
  if (error !== undefined) return Effect.fail(error)
  return Effect.succeed(user === undefined ? { scheme, url } : { scheme, url, credentials: toCredentials(user) })
}

/** The address with the credentials of the configuration, or else with its own. */
export const withCredentials = (parsed: SourceUrl, credentials: Credentials | undefined): SourceUrl =>
  credentials === undefined ? parsed : { ...parsed, credentials }
