import { type QueryClient, queryOptions } from "@tanstack/react-query"
import { ObjectHistory } from "@vigil/core/ObjectHistory"
import { Rollback } from "@vigil/core/Rollback"
import type { VersionedType } from "@vigil/core/VersionedType"
import { Schema } from "effect"
import { HttpRefused, request } from "./Session.js"

/** Something that has versions. */
export interface Versioned {
  readonly type: VersionedType
  readonly id: string
}

const decodeHistory = Schema.decodeUnknownPromise(ObjectHistory)
const decodeRollback = Schema.decodeUnknownPromise(Rollback)

/** Newest first; none of what was never changed. */
export const historyQuery = ({ id, type }: Versioned) =>
  queryOptions({
    queryKey: ["history", type, id],
    queryFn: async ({ signal }) => {
      try {
        const { versions } = await decodeHistory(await (await request(`/api/v1/history/${type}/${id}`, { signal })).json())
        return versions
      } catch (error) {
        if (error instanceof HttpRefused && error.kind === "version-not-found") return []
        throw error
      }
    }
  })

/** Goes back to a version, or says what that would change; refused where something has changed since revision `shown`. */
export const rollBack = async ({ id, type }: Versioned, revision: number, shown: number, dryRun: boolean): Promise<Rollback> => {
  const answer = await request(`/api/v1/history/${type}/${id}/rollback`, {
    method: "POST",
    headers: { "content-type": "application/json", "if-match": `"${shown}"` },
    body: JSON.stringify({ revision, dryRun })
  })
  return decodeRollback(await answer.json())
}

/** Everything may follow from what went back; the session stays. */
export const afterRollback = (queries: QueryClient): Promise<void> =>
  queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" })
