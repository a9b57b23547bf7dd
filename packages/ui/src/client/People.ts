import { type QueryClient, queryOptions } from "@tanstack/react-query"
import type { ProfileChange } from "@vigil/core/Account"
import { Grants, UserGrants } from "@vigil/core/Grants"
import type { UserId } from "@vigil/core/Ids"
import { SecondFactorStatus } from "@vigil/core/SecondFactor"
import { Session, type SessionId } from "@vigil/core/Session"
import { type Role, User } from "@vigil/core/User"
import { Schema } from "effect"
import { asking, request, sendJson } from "./Session.js"

const decodePeople = Schema.decodeUnknownPromise(Schema.Array(User))
const decodePerson = Schema.decodeUnknownPromise(User)
const decodeGrants = Schema.decodeUnknownPromise(UserGrants)
const askForGrants = asking(UserGrants)
const decodeFactor = Schema.decodeUnknownPromise(SecondFactorStatus)
const decodeSessions = Schema.decodeUnknownPromise(Schema.Array(Session))
const encodeGrants = Schema.encodeSync(Grants)

const changed = (client: QueryClient) => client.invalidateQueries({ queryKey: peopleQuery.queryKey })

export const peopleQuery = queryOptions({
  queryKey: ["people"],
  queryFn: async ({ signal }) => decodePeople(await (await request("/api/v1/users", { signal })).json())
})

/** Without a password, a link to choose one is mailed to the address. */
export interface NewPerson extends ProfileChange {
  readonly username: string
  readonly role: Role
  readonly password?: string
}

export const addPerson = async (client: QueryClient, person: NewPerson): Promise<User> => {
  const added = await decodePerson(await (await sendJson("/api/v1/users", "POST", person)).json())
  await changed(client)
  return added
}

/** Ends all sessions of that person. */
export const changePerson = async (
  client: QueryClient,
  id: UserId,
  change: { readonly role?: Role; readonly password?: string; readonly disabled?: boolean }
): Promise<void> => {
  await sendJson(`/api/v1/users/${id}`, "PATCH", change)
  await changed(client)
}

export const removePerson = async (client: QueryClient, id: UserId): Promise<void> => {
  await request(`/api/v1/users/${id}`, { method: "DELETE" })
  await changed(client)
}

export const sendPasswordLink = (id: UserId): Promise<unknown> => request(`/api/v1/users/${id}/password-link`, { method: "POST" })

export const grantsQuery = (user: UserId) =>
  queryOptions({
    queryKey: ["people", user, "grants"],
    queryFn: ({ signal }) => askForGrants(`/api/v1/users/${user}/grants`, { signal })
  })

/** In place of those that were shown: refused where somebody else has changed them meanwhile. */
export const setGrants = async (client: QueryClient, user: UserId, grants: Grants, shown: UserGrants): Promise<void> => {
  const answer = await request(`/api/v1/users/${user}/grants`, {
    method: "PUT",
    headers: { "content-type": "application/json", "if-match": `"${shown.revision}"` },
    body: JSON.stringify(encodeGrants(grants))
  })
  client.setQueryData(grantsQuery(user).queryKey, await decodeGrants(await answer.json()))
}

export const personFactorQuery = (user: UserId) =>
  queryOptions({
    queryKey: ["people", user, "second-factor"],
    queryFn: async ({ signal }) => decodeFactor(await (await request(`/api/v1/users/${user}/second-factor`, { signal })).json())
  })

export const resetSecondFactorOf = async (client: QueryClient, user: UserId): Promise<void> => {
  await request(`/api/v1/users/${user}/second-factor`, { method: "DELETE" })
  await client.invalidateQueries({ queryKey: personFactorQuery(user).queryKey })
}

/** Where the person is signed in, what was used last first. */
export const personSessionsQuery = (user: UserId) =>
  queryOptions({
    queryKey: ["people", user, "sessions"],
    queryFn: async ({ signal }) => decodeSessions(await (await request(`/api/v1/users/${user}/sessions`, { signal })).json())
  })

export const endSessionOf = async (client: QueryClient, user: UserId, session: SessionId): Promise<void> => {
  await request(`/api/v1/users/${user}/sessions/${session}`, { method: "DELETE" })
  await client.invalidateQueries({ queryKey: personSessionsQuery(user).queryKey })
}

export const endSessionsOf = async (client: QueryClient, user: UserId): Promise<void> => {
  await request(`/api/v1/users/${user}/sessions`, { method: "DELETE" })
  await client.invalidateQueries({ queryKey: personSessionsQuery(user).queryKey })
}

/** What whoever is signed in is limited to. */
export const ownGrantsQuery = queryOptions({
  queryKey: ["own-grants"],
  queryFn: ({ signal }) => askForGrants("/api/v1/session/grants", { signal })
})
