import { Either, Redacted } from "effect"
import { concealed, lacksSecrets, placeholder, revealed } from "./AddressSecrets.js"
import { type Credentials, SourceError, type SourceScheme, supportedSchemes } from "./Source.js"

/** A source's address apart from its user information. */
export interface SourceAddress {
  readonly scheme: SourceScheme
  /** As the camera is to get it; for everything that is stored or shown see {@link displayUrl}. */
  readonly url: string
  readonly credentials: Credentials | undefined
}

const maxLength = 2048

/** Without everything between the scheme and the last `@`, wherever that is: for text that is wrong in a way that nobody knows. */
const withoutUser = (text: string): string => {
  const start = text.indexOf("://")
  const afterScheme = start < 0 ? 0 : start + 3
  return text.slice(0, afterScheme) + text.slice(Math.max(afterScheme, text.lastIndexOf("@") + 1))
}

/** Everything up to the last `@` before the path is user information, so that `@`, `:`, `?` and `#` in a password need no encoding. */
const splitUser = (rest: string): { readonly host: string; readonly user: string | undefined } => {
  const slash = rest.indexOf("/")
  const at = (slash < 0 ? rest : rest.slice(0, slash)).lastIndexOf("@")
  return at < 0 ? { host: rest, user: undefined } : { host: rest.slice(at + 1), user: rest.slice(0, at) }
}

/** A valid address as it may be stored and shown: no user information, and none of the secrets that makers have put elsewhere. */
export const displayUrl = (url: string): string => {
  const start = url.indexOf("://") + 3
  const clean = start < 3 ? withoutUser(url) : url.slice(0, start) + splitUser(url.slice(start)).host
  return concealed(clean).slice(0, maxLength)
}

const refuse = (text: string, reason: "invalid-url" | "unsupported", detail: string) =>
  Either.left(new SourceError({ reason, url: concealed(withoutUser(text)).slice(0, maxLength), detail }))

const isSupported = (scheme: string): scheme is SourceScheme =>
  scheme.startsWith("x-") || supportedSchemes.some((supported) => supported === scheme)

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone `%`, as in the password `50%off`, is meant literally.
    return text
  }
}

const credentialsOf = (user: string): Credentials => {
  const colon = user.indexOf(":")
  return {
    username: decoded(colon < 0 ? user : user.slice(0, colon)),
    password: Redacted.make(colon < 0 ? "" : decoded(user.slice(colon + 1)))
  }
}

const networkAddress = (text: string, scheme: SourceScheme, rest: string): Either.Either<SourceAddress, SourceError> => {
  if (rest.includes(" ")) return refuse(text, "invalid-url", "The address has blanks in it; write them as %20")
  const { host, user } = splitUser(rest)
  const url = `${scheme}://${host}`
  if (host === "" || /^[/?#:]/.test(host)) {
    return refuse(text, "invalid-url", `The address names no host; write it as ${scheme}://host[:port]/path`)
  }
  if (!URL.canParse(url)) {
    const hint = "encode / in a user name or password as %2F, and put IPv6 addresses in brackets"
    return refuse(text, "invalid-url", `Host or port are malformed; ${hint}`)
  }
  const { password, port, username } = new URL(url)
  if (username !== "" || password !== "")
    return refuse(text, "invalid-url", "The address has user information in an unexpected place")
  if (port === "0") return refuse(text, "invalid-url", "Port 0 cannot be connected to")
  return Either.right({ scheme, url, credentials: user === undefined ? undefined : credentialsOf(user) })
}

/** The address of every camera whose stream is pushed to Vigil; the publisher names the camera. */
export const publishedUrl = "whip:"

const publisherAddress = (text: string): Either.Either<SourceAddress, SourceError> =>
  /^whip:(\/\/)?$/i.test(text)
    ? Either.right({ scheme: "whip", url: publishedUrl, credentials: undefined })
    : refuse(text, "invalid-url", `Write ${publishedUrl} and nothing else: the publisher connects to Vigil, not Vigil to it`)

/**
 * Checks a source's URL and takes its user information off it. The rest of the text stays as it was given, because cameras compare it
 * byte by byte. No error repeats the user information, not even of an address that is wrong.
 */
export const parseSourceUrl = (text: string): Either.Either<SourceAddress, SourceError> => {
  const trimmed = text.trim()
  if (trimmed.length > maxLength) return refuse("", "invalid-url", `The address is longer than ${maxLength} characters`)
  if (/[\p{Cc}\p{Cs}]/u.test(trimmed)) return refuse(trimmed, "invalid-url", "The address has blanks or control characters in it")
  if (/^whip:/i.test(trimmed)) return publisherAddress(trimmed)
  const [, name, rest = ""] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(trimmed) ?? []
  if (name === undefined) {
    return refuse(trimmed, "invalid-url", "Expected scheme://host/path, for example rtsp://192.0.2.7/stream1")
  }
  const scheme = name.toLowerCase()
  if (!isSupported(scheme)) {
    const detail = `The scheme ${scheme.slice(0, 20)} is not supported; use one of ${supportedSchemes.join(", ")}`
    return refuse(trimmed, "unsupported", detail)
  }
  if (scheme !== "file" && scheme !== "v4l2") return networkAddress(trimmed, scheme, rest)
  return rest.startsWith("/")
    ? Either.right({ scheme, url: `${scheme}://${rest}`, credentials: undefined })
    : refuse(trimmed, "invalid-url", `An address of ${scheme} needs an absolute path: ${scheme}:///path`)
}

const defaultPorts: Readonly<Record<SourceScheme, string>> = {
  rtsp: "554",
  rtsps: "322",
  http: "80",
  https: "443",
  file: "",
  v4l2: "",
  whip: ""
}

const server = ({ scheme, url }: SourceAddress): string => {
  const { hostname, port } = new URL(url)
  return `${hostname.toLowerCase()} ${port === "" ? (defaultPorts[scheme] ?? "") : port}`
}

/** Whether both addresses are of one host and port: then what was confided to the one may be told to the other. */
export const isSameServer = (a: SourceAddress, b: SourceAddress): boolean => server(a) === server(b)

/** The same of an address that may be none. */
export const isAtServer = (text: string, address: SourceAddress): boolean =>
  Either.match(parseSourceUrl(text), { onLeft: () => false, onRight: (own) => isSameServer(own, address) })

/**
 * The address of a camera, whole: with the secrets of the one that it has in place of {@link placeholder}. They go to no other server than the one
 * that they were confided to.
 */
export const wholeAddress = (text: string, known?: string): Either.Either<SourceAddress, SourceError> =>
  Either.flatMap(parseSourceUrl(text), (address) => {
    const { url } = address
    if (concealed(url).length > maxLength) return refuse("", "invalid-url", "The address has too many parameters with secrets")
    if (!lacksSecrets(url)) return Either.right(address)
    const own = Either.filterOrLeft(
      Either.fromNullable(known, () => "none is kept for this address"),
      (other) => isAtServer(other, address),
      () => "the host or port changed"
    )
    return Either.match(
      Either.flatMap(own, (other) => revealed(url, other)),
      {
        onLeft: (why) => refuse(url, "invalid-url", `Write the secret itself in place of ${placeholder}: ${why}`),
        onRight: (whole) => Either.right({ ...address, url: whole })
      }
    )
  })

/** Whether the address is a file or device of the machine that opens it. */
export const isOfThisMachine = ({ scheme }: SourceAddress): boolean => scheme === "file" || scheme === "v4l2"

/** Whether its stream is pushed to Vigil by a publisher. */
export const isPublished = (url: string): boolean => url === publishedUrl
