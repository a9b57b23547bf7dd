import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { Grants, UserGrants } from "@vigil/core/Grants"
import type { UserId } from "@vigil/core/Ids"
import { User } from "@vigil/core/User"
import { Schema } from "effect"
import { request, sendJson } from "./Session.js"

const decodePeople = Schema.decodeUnknownPromise(Schema.Array(User))
const decodeGrants = Schema.decodeUnknownPromise(UserGrants)
const encodeGrants = Schema.encodeSync(Grants)

export const peopleQuery = queryOptions({
  queryKey: ["people"],
  queryFn: async ({ signal }) => decodePeople(await (await request("/api/v1/users", { signal })).json())
})

export const grantsQuery = (user: UserId) =>
  queryOptions({
    queryKey: ["people", user, "grants"],
    queryFn: async ({ signal }) => decodeGrants(await (await request(`/api/v1/users/${user}/grants`, { signal })).json())
  })

export const setGrants = async (client: QueryClient, user: UserId, grants: Grants): Promise<void> => {
  const answer = await sendJson(`/api/v1/users/${user}/grants`, "PUT", encodeGrants(grants))
  client.setQueryData(grantsQuery(user).queryKey, await decodeGrants(await answer.json()))
}
