import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { Account, type ProfileChange } from "@vigil/core/Account"
import { ProviderButton } from "@vigil/core/IdentityProvider"
import { SecondFactorStatus } from "@vigil/core/SecondFactor"
import { OwnSession, type SessionId } from "@vigil/core/Session"
import { Schema } from "effect"
import { request, sendJson } from "./Session.js"

const decodeWays = Schema.decodeUnknownPromise(
  Schema.Struct({ passwordReset: Schema.Boolean, providers: Schema.Array(ProviderButton) })
)
const decodeAccount = Schema.decodeUnknownPromise(Account)
const decodeSessions = Schema.decodeUnknownPromise(Schema.Array(OwnSession))
const decodeStatus = Schema.decodeUnknownPromise(SecondFactorStatus)
/** Secrets that are shown: text here, hidden in the server. */
const decodeOffer = Schema.decodeUnknownPromise(Schema.Struct({ secret: Schema.String, uri: Schema.String }))
const decodeCodes = Schema.decodeUnknownPromise(Schema.Struct({ recoveryCodes: Schema.Array(Schema.String) }))

/** How people may sign in, with an identity provider that is not shown to everybody where one is named. */
export const waysQuery = (provider: string | undefined) =>
  queryOptions({
    queryKey: ["sign-in", provider],
    queryFn: async ({ signal }) => {
      const search = provider === undefined ? "" : `?${new URLSearchParams({ provider }).toString()}`
      return decodeWays(await (await request(`/api/v1/sign-in${search}`, { signal })).json())
    },
    retry: false
  })

/** Where the browser begins to sign in through an identity provider; it comes back to `to`. */
export const providerAddress = (slug: string, to: string | undefined): string =>
  `/api/v1/openid/${slug}/begin${to === undefined ? "" : `?${new URLSearchParams({ to }).toString()}`}`

/** Has a link sent to whoever has that name or mail address; nobody is told whether there is anybody. */
export const askForPassword = (nameOrAddress: string): Promise<unknown> =>
  sendJson("/api/v1/password-reset", "POST", { nameOrAddress })

export const setForgottenPassword = (token: string, password: string): Promise<unknown> =>
  sendJson("/api/v1/password-reset", "PUT", { token, password })

export const accountQuery = queryOptions({
  queryKey: ["session", "account"],
  queryFn: async ({ signal }) => decodeAccount(await (await request("/api/v1/account", { signal })).json())
})

export const changeAccount = async (client: QueryClient, change: ProfileChange, password: string | undefined): Promise<void> => {
  const answer = await sendJson("/api/v1/account", "PATCH", { ...change, ...(password === undefined ? {} : { password }) })
  client.setQueryData(accountQuery.queryKey, await decodeAccount(await answer.json()))
}

const decodeCode = Schema.decodeUnknownPromise(Schema.Struct({ code: Schema.String }))

/** Lets a program on this machine in, that has the secret of the challenge; the answer is its code. */
export const allowProgram = async (challenge: string): Promise<string> => {
  const { code } = await decodeCode(await (await sendJson("/api/v1/session/programs", "POST", { challenge })).json())
  return code
}

const decodeAccounts = Schema.decodeUnknownPromise(Schema.Array(Account))

/** Everybody's; for administrators. */
export const accountsQuery = queryOptions({
  queryKey: ["people", "accounts"],
  queryFn: async ({ signal }) => decodeAccounts(await (await request("/api/v1/accounts", { signal })).json())
})

export const changeProfileOf = async (client: QueryClient, { id }: Account, change: ProfileChange): Promise<void> => {
  await sendJson(`/api/v1/accounts/${id}`, "PATCH", change)
  await client.invalidateQueries({ queryKey: accountsQuery.queryKey })
}

/** Ends the lock of an account that was tried with wrong passwords too often. */
export const releaseAccount = async (client: QueryClient, { id }: Account): Promise<void> => {
  await request(`/api/v1/accounts/${id}/lock`, { method: "DELETE" })
  await client.invalidateQueries({ queryKey: accountsQuery.queryKey })
}

export const changePassword = (current: string, next: string): Promise<unknown> =>
  sendJson("/api/v1/session/password", "PUT", { current, next })

export const secondFactorQuery = queryOptions({
  queryKey: ["session", "second-factor"],
  queryFn: async ({ signal }) => decodeStatus(await (await request("/api/v1/session/second-factor", { signal })).json()),
  staleTime: Number.POSITIVE_INFINITY,
  retry: false
})

export const offerSecondFactor = async (password: string) =>
  decodeOffer(await (await sendJson("/api/v1/session/second-factor", "POST", { password })).json())

/** Counts from then on; the answer is the recovery codes. */
export const confirmSecondFactor = async (code: string): Promise<ReadonlyArray<string>> => {
  const { recoveryCodes } = await decodeCodes(
    await (await sendJson("/api/v1/session/second-factor/confirmation", "POST", { code })).json()
  )
  return recoveryCodes
}

export const removeSecondFactor = (password: string): Promise<unknown> =>
  sendJson("/api/v1/session/second-factor/removal", "POST", { password })

/** Where the user is signed in, what was used last first. */
export const sessionsQuery = queryOptions({
  queryKey: ["session", "list"],
  queryFn: async ({ signal }) => decodeSessions(await (await request("/api/v1/sessions", { signal })).json())
})

export const endSession = (id: SessionId): Promise<unknown> => request(`/api/v1/sessions/${id}`, { method: "DELETE" })
