import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { ApiKey, type ApiKeyId, MadeApiKey, NewApiKey } from "@vigil/core/ApiKey"
import { Schema } from "effect"
import { asking, request, sendJson } from "./Session.js"

const askForKeys = asking(Schema.Array(ApiKey))
const decodeMade = Schema.decodeUnknownPromise(MadeApiKey)
const encodeNew = Schema.encodeSync(NewApiKey)

/** One's own; of an administrator's tenant all. */
export const apiKeysQuery = queryOptions({
  queryKey: ["api-keys"],
  queryFn: ({ signal }) => askForKeys("/api/v1/api-keys", { signal })
})

const changed = (queries: QueryClient) => queries.invalidateQueries({ queryKey: apiKeysQuery.queryKey })

/** The answer has the key itself, which is told this once. */
export const makeApiKey = async (queries: QueryClient, key: NewApiKey): Promise<MadeApiKey> => {
  const made = await decodeMade(await (await sendJson("/api/v1/api-keys", "POST", encodeNew(key))).json())
  await changed(queries)
  return made
}

export const revokeApiKey = async (queries: QueryClient, id: ApiKeyId): Promise<void> => {
  await request(`/api/v1/api-keys/${id}`, { method: "DELETE" })
  await changed(queries)
}
