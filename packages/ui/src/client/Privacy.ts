import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { Erasure, ErasureCounts, ErasureRequest, ErasureSelection } from "@vigil/core/Erasure"
import { Schema } from "effect"
import { asking, sendJson } from "./Session.js"

const askForErasures = asking(Schema.Array(Erasure))
const decodeCounts = Schema.decodeUnknownPromise(ErasureCounts)
const encodeSelection = Schema.encodeSync(ErasureSelection)
const encodeRequest = Schema.encodeSync(ErasureRequest)

/** The reports of what was erased. */
export const erasuresQuery = queryOptions({
  queryKey: ["erasures"],
  queryFn: ({ signal }) => askForErasures("/api/v1/privacy/erasures", { signal }),
  // One that is under way goes on by itself.
  refetchInterval: ({ state: { data = [] } }) => (data.some(({ finishedAt }) => finishedAt === null) ? 5_000 : false)
})

/** What an erasure would find. */
export const lookAtErasure = async (selection: ErasureSelection): Promise<ErasureCounts> =>
  decodeCounts(await (await sendJson("/api/v1/privacy/erasures/preview", "POST", encodeSelection(selection))).json())

export const erase = async (queries: QueryClient, wanted: ErasureRequest): Promise<void> => {
  await sendJson("/api/v1/privacy/erasures", "POST", encodeRequest(wanted))
  await queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === "erasures" || queryKey[0] === "events" })
}
