import { Either, Redacted } from "effect"
import { type Credentials, SourceError, supportedSchemes } from "./Source.js"

/** A source's address apart from its user information. */
export interface SourceAddress {
  readonly url: string
  readonly credentials: Credentials | undefined
}

const withoutAuthority: ReadonlySet<string> = new Set(["file", "v4l2"])

const invalid = (url: string, reason: "invalid-url" | "unsupported", detail: string) =>
  Either.left(new SourceError({ reason, url, detail }))

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone `%`, as in the password `50%off`, is meant literally.
    return text
  }
}

const credentialsOf = (userInformation: string): Credentials => {
  const colon = userInformation.indexOf(":")
  return {
    username: decoded(colon < 0 ? userInformation : userInformation.slice(0, colon)),
    password: Redacted.make(colon < 0 ? "" : decoded(userInformation.slice(colon + 1)))
  }
}

/**
 * Checks a source's URL and takes its user information off it. The rest of the text stays as it was given, because cameras compare it
 * byte by byte. No error repeats the user information.
 */
export const parseSourceUrl = (text: string): Either.Either<SourceAddress, SourceError> => {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text.trim())
  if (match === null)
    return invalid("(not a URL)", "invalid-url", "expected scheme://host/path, for example rtsp://192.0.2.7/stream1")
  const scheme = (match[1] ?? "").toLowerCase()
  const authority = match[2] ?? ""
  const at = authority.lastIndexOf("@")
  const host = authority.slice(at + 1)
  const url = `${scheme}://${host}${match[3] ?? ""}`
  if (!supportedSchemes.some((supported) => supported === scheme)) {
    return invalid(url, "unsupported", `scheme ${scheme} is not supported; use one of ${supportedSchemes.join(", ")}`)
  }
  if (!URL.canParse(url)) return invalid(url, "invalid-url", "host or port is malformed")
  if (host === "" && !withoutAuthority.has(scheme)) return invalid(url, "invalid-url", "the host is missing")
  return Either.right({ url, credentials: at < 0 ? undefined : credentialsOf(authority.slice(0, at)) })
}
