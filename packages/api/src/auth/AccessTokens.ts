import { AccessClaims, accessTokenAudience, accessTokenType, type PublicKey, type PublicKeys } from "@vigil/core/AccessToken"
import { Unauthorized } from "@vigil/core/contract/Principal"
import type { TenantId } from "@vigil/core/Ids"
import type { ActiveSession } from "@vigil/core/port/SessionStore"
import { type SigningKey, SigningKeyStore } from "@vigil/core/port/SigningKeyStore"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { Context, DateTime, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
import { decodeProtectedHeader, exportJWK, generateKeyPair, importJWK, jwtVerify, SignJWT } from "jose"
import { ServerConfig } from "../ServerConfig.js"
import { Sessions } from "./Sessions.js"

const algorithm = "EdDSA"
/** How long an access token is good. */
const lifetime = Duration.minutes(15)
/** After that a key is followed by another one. */
const keyLifetime = Duration.days(30)
/** How long a key that was followed by another one is kept: longer than any token that it signed, and than others keep the list of keys. */
const keyAfterlife = Duration.hours(1)
/** Milliseconds that the keys of other nodes may be unknown, or believed although they were deleted. */
const fresh = 10_000
/** Milliseconds between looks for keys that are not known: tokens of such wait for the next one. */
const pause = 1_000
const longestToken = 2_048
/** Seconds that clocks of nodes may differ. */
const clockTolerance = 5

const refusal = new Unauthorized({
  detail: "The access token is wrong, too old, or its session has ended: exchange the refresh token, or sign in."
})

/** Whether the text has the form of an access token. */
export const isAccessToken = (text: string): boolean => text.length <= longestToken && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)

const Jwk = Schema.parseJson(
  Schema.Struct({ kty: Schema.Literal("OKP"), crv: Schema.Literal("Ed25519"), x: Schema.String, d: Schema.String })
)
type ImportedKey = Awaited<ReturnType<typeof importJWK>>

interface UsableKey {
  readonly id: string
  readonly createdAt: DateTime.Utc
  readonly privateKey: ImportedKey
  readonly publicKey: ImportedKey
  readonly shown: PublicKey
}

const usable = ({ createdAt, id, jwk }: SigningKey) =>
  Effect.gen(function* () {
    const { crv, d, kty, x } = yield* Schema.decode(Jwk)(Redacted.value(jwk))
    return {
      id,
      createdAt,
      privateKey: yield* Effect.promise(() => importJWK({ kty, crv, x, d }, algorithm)),
      publicKey: yield* Effect.promise(() => importJWK({ kty, crv, x }, algorithm)),
      shown: { kty, crv, x, kid: id, alg: algorithm, use: "sig" }
    } satisfies UsableKey
    // swallowed: only this module writes the keys, and the store authenticates what it decrypts
  }).pipe(Effect.orDie)

const newKey = Effect.gen(function* () {
  const createdAt = yield* DateTime.now
  const { privateKey } = yield* Effect.promise(() => generateKeyPair(algorithm, { extractable: true }))
  const { crv, d, kty, x } = yield* Effect.promise(() => exportJWK(privateKey))
  return { id: crypto.randomUUID(), jwk: Redacted.make(JSON.stringify({ kty, crv, x, d })), createdAt } satisfies SigningKey
})

const decodeClaims = Schema.decodeUnknown(AccessClaims)

const keyIdOf = (token: string) =>
  Effect.try({ try: () => decodeProtectedHeader(token).kid, catch: () => refusal }).pipe(
    Effect.flatMap(Effect.fromNullable),
    Effect.mapError(() => refusal)
  )

interface Keys {
  readonly newestFirst: ReadonlyArray<UsableKey>
  readonly loadedAt: number
}

/** Short tokens (JWT, RFC 9068, signed with Ed25519) that name a session, and the keys that they are signed with. */
export class AccessTokens extends Context.Tag("@vigil/api/AccessTokens")<
  AccessTokens,
  {
    readonly issue: (
      active: Pick<ActiveSession, "session" | "user">
    ) => Effect.Effect<{ readonly token: Redacted.Redacted; readonly expiresAt: DateTime.Utc }, StoreUnavailable>
    /** The session that the token names, if the token is good and the session has not ended. */
    readonly authenticate: (token: string) => Effect.Effect<ActiveSession, Unauthorized | StoreUnavailable>
    readonly publicKeys: Effect.Effect<PublicKeys, StoreUnavailable>
    /** Signs with a fresh key from now on; with `only`, what was signed before is refused from now on (by other nodes after 10 s). */
    readonly rotate: (tenant: TenantId, only: boolean) => Effect.Effect<PublicKeys, StoreUnavailable>
  }
>() {
  static readonly layer: Layer.Layer<AccessTokens, never, SigningKeyStore | ServerConfig | Sessions> = Layer.effect(
    AccessTokens,
    Effect.gen(function* () {
      const store = yield* SigningKeyStore
      const sessions = yield* Sessions
      const { publicUrl } = yield* ServerConfig
      const issuer = Option.match(publicUrl, { onNone: () => "urn:vigil", onSome: ({ origin }) => origin })
      const turn = yield* Effect.makeSemaphore(1)
      let keys: Keys = { newestFirst: [], loadedAt: Number.NEGATIVE_INFINITY }

      const load = Effect.gen(function* () {
        const all = yield* store.all
        const before = DateTime.subtractDuration(yield* DateTime.now, keyAfterlife)
        const found = all.filter((_, index) => {
          const follower = all[index - 1]
          return follower === undefined || DateTime.greaterThan(follower.createdAt, before)
        })
        if (found.length < all.length) yield* store.purge(before)
        const known = new Map(keys.newestFirst.map((key) => [key.id, key]))
        const newestFirst = yield* Effect.forEach(found, (key) => {
          const before = known.get(key.id)
          return before === undefined ? usable(key) : Effect.succeed(before)
        })
        keys = { newestFirst, loadedAt: performance.now() }
      })

      /** The keys as they were within the last `age` milliseconds; while the database is away, as they were last. */
      const keysWithin = (age: number) => {
        const areOld = () => performance.now() - keys.loadedAt > age
        const renewed = Effect.catchTag(load, "StoreUnavailable", (error) =>
          Effect.suspend(() => {
            if (keys.newestFirst.length === 0) return Effect.fail(error)
            // A database that hangs is not waited for by each request in turn.
            keys = { ...keys, loadedAt: performance.now() }
            return Effect.void
          })
        )
        return Effect.map(Effect.when(turn.withPermits(1)(Effect.when(renewed, areOld)), areOld), () => keys.newestFirst)
      }

      const reload = turn.withPermits(1)(Effect.map(load, () => keys.newestFirst))

      const isCurrent = (key: UsableKey, now: DateTime.Utc) =>
        DateTime.lessThan(now, DateTime.addDuration(key.createdAt, keyLifetime))

      const signer = Effect.gen(function* () {
        const now = yield* DateTime.now
        const [newest] = yield* keysWithin(fresh)
        if (newest !== undefined && isCurrent(newest, now)) return newest
        yield* store.add(yield* newKey, DateTime.subtractDuration(now, keyLifetime))
        const [made] = yield* reload
        return made ?? (yield* Effect.dieMessage("the signing key that was just made is not there"))
      })

      const keyNamed = (id: string) =>
        Effect.gen(function* () {
          const isIt = (key: UsableKey) => key.id === id
          const known = (yield* keysWithin(fresh)).find(isIt)
          if (known !== undefined) return known
          // Another node may have made it just now.
          yield* Effect.sleep(Math.max(0, keys.loadedAt + pause - performance.now()))
          return (yield* keysWithin(pause / 2)).find(isIt) ?? (yield* refusal)
        })

      const shown = (found: ReadonlyArray<UsableKey>): PublicKeys => ({ keys: found.map((key) => key.shown) })

      return AccessTokens.of({
        issue: ({ session, user }) =>
          Effect.gen(function* () {
            const { id, privateKey } = yield* signer
            const now = yield* DateTime.now
            const expiresAt = DateTime.min(DateTime.addDuration(now, lifetime), session.expiresAt)
            const claims: Omit<typeof AccessClaims.Encoded, "sub"> = {
              sid: session.id,
              tenant: user.tenantId,
              role: user.role,
              preferred_username: user.username
            }
            const token = yield* Effect.promise(() =>
              new SignJWT(claims)
                .setProtectedHeader({ alg: algorithm, kid: id, typ: accessTokenType })
                .setIssuer(issuer)
                .setAudience(accessTokenAudience)
                .setSubject(user.id)
                .setJti(crypto.randomUUID())
                .setIssuedAt(DateTime.toDateUtc(now))
                .setExpirationTime(DateTime.toDateUtc(expiresAt))
                .sign(privateKey)
            )
            return { token: Redacted.make(token), expiresAt }
          }),

        authenticate: (token) =>
          Effect.gen(function* () {
            const { publicKey } = yield* keyNamed(yield* keyIdOf(token))
            const currentDate = DateTime.toDateUtc(yield* DateTime.now)
            const { payload } = yield* Effect.tryPromise({
              try: () =>
                jwtVerify(token, publicKey, {
                  algorithms: [algorithm],
                  audience: accessTokenAudience,
                  typ: accessTokenType,
                  requiredClaims: ["exp"],
                  clockTolerance,
                  currentDate
                }),
              catch: () => refusal
            })
            const { sid, sub } = yield* Effect.mapError(decodeClaims(payload), () => refusal)
            const active = yield* Effect.catchTag(sessions.active(sid), "Unauthorized", () => Effect.fail(refusal))
            return active.user.id === sub && active.session.kind === "token" ? active : yield* refusal
          }),

        publicKeys: Effect.zipRight(signer, Effect.map(keysWithin(fresh), shown)),

        rotate: (tenant, only) =>
          Effect.gen(function* () {
            yield* store.replace(tenant, yield* newKey, only)
            return shown(yield* reload)
          })
      })
    })
  )
}
