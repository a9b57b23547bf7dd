import { refreshTokenPrefix } from "@vigil/core/AccessToken"
import { createHash, randomBytes, timingSafeEqual } from "node:crypto"

/** 256 random bits, base64url. Whoever has it is believed; only its hash is kept. */
export const newToken = (): string => randomBytes(32).toString("base64url")

/** Whether the text may be a token: it has the form of one. */
export const isToken = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text)

export const newRefreshToken = (): string => refreshTokenPrefix + newToken()

/** Whether the text may be a refresh token. */
export const isRefreshToken = (text: string): boolean =>
  text.startsWith(refreshTokenPrefix) && isToken(text.slice(refreshTokenPrefix.length))

/** SHA-256. Enough without salt or stretching, because nobody can guess or list 256 random bits. */
export const hashToken = (token: string): Uint8Array => createHash("sha256").update(token).digest()

/** Compares digests, so that neither the time nor the length tells anything. */
export const isSameSecret = (secret: string, text: string | undefined): boolean =>
  text !== undefined && timingSafeEqual(hashToken(secret), hashToken(text))

/** The token of an `Authorization: Bearer` header (RFC 6750 2.1). */
export const bearerOf = (authorization: string | undefined): string | undefined =>
  /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1]
