import { createHash, randomBytes } from "node:crypto"
import type { Credentials } from "@vigil/core/Source"
import { Redacted } from "effect"
import { type Challenge, parseChallenges } from "./Challenge.js"

/** Makes the `Authorization` header of requests. RTSP and HTTP share the schemes (RFC 2326 16, RFC 7616, RFC 7617). */
export interface Authorization {
  readonly header: (method: string, uri: string) => string
  /** Whether the challenge only says that our nonce is too old, so that the same password is worth another try. */
  readonly isRenewedBy: (headers: ReadonlyArray<string>) => boolean
}

const hashes: Readonly<Record<string, string>> = { md5: "md5", "sha-256": "sha256", "sha-512-256": "sha512-256" }

/** Strongest first. */
const preference = ["sha-512-256", "sha-256", "md5"]

interface DigestAlgorithm {
  readonly name: string
  readonly hash: string
  readonly session: boolean
}

const algorithmOf = (challenge: Challenge): DigestAlgorithm | undefined => {
  const name = challenge.parameters.get("algorithm") ?? "MD5"
  const lower = name.toLowerCase()
  const session = lower.endsWith("-sess")
  const hash = hashes[session ? lower.slice(0, -5) : lower]
  return hash === undefined ? undefined : { name, hash, session }
}

const quote = (text: string): string => `"${text.replace(/[\r\n]/g, "").replace(/["\\]/g, "\\$&")}"`

const basic = (credentials: Credentials): Authorization => {
  const userPassword = `${credentials.username}:${Redacted.value(credentials.password)}`
  const value = `Basic ${Buffer.from(userPassword, "utf8").toString("base64")}`
  return { header: () => value, isRenewedBy: () => false }
}

/** RFC 7616 with `qop=auth`, or RFC 2069 where the server names no `qop`. Undefined where neither fits. */
const digest = (challenge: Challenge, credentials: Credentials): Authorization | undefined => {
  const algorithm = algorithmOf(challenge)
  const nonce = challenge.parameters.get("nonce")
  const offered = challenge.parameters
    .get("qop")
    ?.split(",")
    .map((item) => item.trim().toLowerCase())
  if (algorithm === undefined || nonce === undefined || (offered !== undefined && !offered.includes("auth"))) return undefined
  const realm = challenge.parameters.get("realm") ?? ""
  const opaque = challenge.parameters.get("opaque")
  const hash = (text: string) => createHash(algorithm.hash).update(text, "utf8").digest("hex")
  const identity = hash(`${credentials.username}:${realm}:${Redacted.value(credentials.password)}`)
  let count = 0

  const header = (method: string, uri: string): string => {
    const cnonce = randomBytes(8).toString("hex")
    const ha1 = algorithm.session ? hash(`${identity}:${nonce}:${cnonce}`) : identity
    const ha2 = hash(`${method}:${uri}`)
    const fields = [
      `username=${quote(credentials.username)}`,
      `realm=${quote(realm)}`,
      `nonce=${quote(nonce)}`,
      `uri=${quote(uri)}`
    ]
    if (challenge.parameters.has("algorithm")) fields.push(`algorithm=${algorithm.name}`)
    if (opaque !== undefined) fields.push(`opaque=${quote(opaque)}`)
    if (offered === undefined) {
      fields.push(`response="${hash(`${ha1}:${nonce}:${ha2}`)}"`)
      if (algorithm.session) fields.push(`cnonce="${cnonce}"`)
    } else {
      const nc = (++count).toString(16).padStart(8, "0")
      fields.push(
        `qop=auth`,
        `nc=${nc}`,
        `cnonce="${cnonce}"`,
        `response="${hash(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${ha2}`)}"`
      )
    }
    return `Digest ${fields.join(", ")}`
  }

  return {
    header,
    isRenewedBy: (headers) =>
      headers
        .flatMap(parseChallenges)
        .some(
          ({ parameters, scheme }) =>
            scheme === "digest" && parameters.get("stale")?.toLowerCase() === "true" && parameters.get("nonce") !== nonce
        )
  }
}

const strength = (challenge: Challenge): number => {
  const name = (challenge.parameters.get("algorithm") ?? "md5").toLowerCase().replace(/-sess$/, "")
  const place = preference.indexOf(name)
  return place < 0 ? preference.length : place
}

/** `digest` never gives the password itself away: for servers that nobody has vouched for. */
export type AcceptedSchemes = "any" | "digest"

/** The strongest offered scheme that we know: Digest with SHA-512-256, SHA-256, MD5, then Basic. Undefined when there is none. */
export const authorize = (
  headers: ReadonlyArray<string>,
  credentials: Credentials,
  accepted: AcceptedSchemes = "any"
): Authorization | undefined => {
  const challenges = headers.flatMap(parseChallenges)
  const digests = challenges.filter(({ scheme }) => scheme === "digest").sort((a, b) => strength(a) - strength(b))
  for (const challenge of digests) {
    const authorization = digest(challenge, credentials)
    if (authorization !== undefined) return authorization
  }
  return accepted === "any" && challenges.some(({ scheme }) => scheme === "basic") ? basic(credentials) : undefined
}
