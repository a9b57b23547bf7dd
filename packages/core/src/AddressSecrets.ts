/**
 * Secrets within addresses. Many cameras take user and password, or a token, in the address itself, outside of its user information: in the query
 * (`?user=a&pwd=b`), in the path (`/user=a_password=b_channel=1.sdp`, `/0/user:password/main`), or in an address that is part of it
 * (`?src=rtsp://a:b@camera/`). An address is shown and stored with {@link placeholder} in place of each, and whole only to what connects.
 *
 * @module
 */
import { Either } from "effect"

/** Stands for a secret. Given back, it means the one that is known. */
export const placeholder = "***"

/** Names of parameters, upper and lower case alike: what makers call users, passwords, tokens and signatures. */
const secretName =
  /pass|pwd|psw|secret|token|user|usr|login|account|auth|cred|key|sign|session|ticket|jwt|^[-_]?(u|p|pw|acc|sid|sig|pin|otp|hash)$/i

/** In the path and the query. Each match ends with its secret; that of a parameter is one where its name says so. */
const forms: ReadonlyArray<RegExp> = [
  // A delimiter that no other parameter follows is part of the value.
  /(?:\?|(?<=\?.*)[&;])(?<name>[^=&;?]+)=(?<secret>[^&]*?)(?=[?;][^=&;?]+=|&|$)/g,
  /[/_&;](?<name>[A-Za-z][A-Za-z0-9-]*)=(?<secret>[^/&;?]*?)(?=_[A-Za-z][A-Za-z0-9-]*=|[/&;?]|$)/g,
  /\/(?![^/:]*\.[^/:]*:\d+\/)(?<user>[^/:?&=]+):(?<secret>[^/?&=]+)(?=\/)/g,
  // Of an address within the address; its parameters are encoded there.
  /(?::\/\/|%3A%2F%2F)(?<secret>(?:(?!%2F)[^/?&])+)(?=@|%40)/gi,
  /%(?:3F|26)(?<name>[^=&%]+)%3D(?<secret>.*?)(?=%26|&|$)/gi
]

/** Files and devices of a machine, and publishers, take no password. */
const hasNone = /^(file|v4l2|whip):/i

interface Secret {
  /** Of its parameter; empty where it has none. */
  readonly name: string
  readonly start: number
  readonly end: number
}

const decoded = (name: string): string => {
  try {
    return decodeURIComponent(name)
  } catch {
    // A lone `%` is meant literally.
    return name
  }
}

/** Where the path begins: nothing before it is a secret, once user information is taken off. */
const pathOf = (url: string): number => {
  const start = url.indexOf("://")
  const path = url.slice(start < 0 ? 0 : start + 3).search(/[/?]/)
  return path < 0 ? url.length : path + (start < 0 ? 0 : start + 3)
}

/** In their order, none within another. */
const secretsIn = (url: string): ReadonlyArray<Secret> => {
  if (hasNone.test(url)) return []
  const offset = pathOf(url)
  const text = url.slice(offset)
  if (!/[=:]|%3[AD]/i.test(text)) return []
  const found = forms.flatMap((form) =>
    Array.from(text.matchAll(form)).flatMap(({ 0: match, groups, index }): ReadonlyArray<Secret> => {
      const { name = "", secret = "", user } = groups ?? {}
      if (name !== "" && !secretName.test(decoded(name))) return []
      const end = offset + index + match.length
      const start = end - secret.length
      return [{ name, start, end }, ...(user === undefined ? [] : [{ name, start: start - 1 - user.length, end: start - 1 }])]
    })
  )
  const secrets: Array<Secret> = []
  for (const secret of found.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = secrets.at(-1)
    if (last === undefined || secret.start >= last.end + (last.end === last.start ? 1 : 0)) secrets.push(secret)
  }
  return secrets
}

const replaced = (url: string, secrets: ReadonlyArray<Secret & { readonly text: string }>): string => {
  let rest = 0
  const parts: Array<string> = []
  for (const { end, start, text } of secrets) {
    parts.push(url.slice(rest, start), text)
    rest = end
  }
  return parts.join("") + url.slice(rest)
}

/** The address as it may be shown and stored. */
export const concealed = (url: string): string =>
  replaced(
    url,
    secretsIn(url).map((secret) => ({ ...secret, text: placeholder }))
  )

/** Whether some of the address's secrets are not in it, but placeholders. */
export const lacksSecrets = (url: string): boolean =>
  secretsIn(url).some(({ end, start }) => url.slice(start, end) === placeholder)

/** An address that is part of an address says where the secrets go, too. */
const leadsOn = (url: string): boolean => /:\/\/|%3A%2F%2F/i.test(url.slice(pathOf(url)))

/**
 * The address with the secrets of a known one in place of its placeholders, by the names of their parameters; left says why that cannot be. Both must be
 * of one server, else whoever changes the address is told the secret.
 */
export const revealed = (url: string, known: string): Either.Either<string, string> => {
  if (url === concealed(known)) return Either.right(known)
  if (leadsOn(url) || leadsOn(known)) return Either.left("the address leads to another one, which may have changed")
  const left = secretsIn(known).map(({ end, name, start }) => ({ name, text: known.slice(start, end) }))
  const secrets = secretsIn(url).map((secret) => {
    const at = left.findIndex(({ name }) => name === secret.name)
    const [own] = at < 0 ? [] : left.splice(at, 1)
    const text = url.slice(secret.start, secret.end)
    return { ...secret, text: text === placeholder ? own?.text : text }
  })
  const filled = secrets.flatMap(({ text, ...secret }) => (text === undefined ? [] : [{ ...secret, text }]))
  return filled.length === secrets.length
    ? Either.right(replaced(url, filled))
    : Either.left("the address that the camera has knows none of that name")
}
