import type { SqlClient } from "@effect/sql/SqlClient"
import type { CameraPatch } from "@vigil/core/Camera"
import type { EdgeId } from "@vigil/core/Ids"
import { EdgeNotFound } from "@vigil/core/port/EdgeStore"
import type { PlaceNotFound } from "@vigil/core/port/PlaceStore"
import { Effect } from "effect"
import { checkPlace } from "./PlaceStorePostgres.js"

type Surroundings = Pick<CameraPatch, "edge" | "placeId">

/** An edge of the camera's own tenant: others are not to be seen here. */
export const checkEdge = (sql: SqlClient, edgeId: EdgeId | null | undefined) =>
  Effect.gen(function* () {
    if (edgeId === null || edgeId === undefined) return
    const [edge] = yield* sql`select id from edges where id = ${edgeId} for key share`
    if (edge === undefined) return yield* new EdgeNotFound({ edgeId })
  })

export const checkSurroundings = (sql: SqlClient, given: Surroundings) =>
  Effect.zipRight(checkEdge(sql, given.edge), checkPlace(sql, given.placeId))

/** What is not there of what many cameras are given, each asked for once. */
export const missingSurroundings = (sql: SqlClient, given: ReadonlyArray<Surroundings>) =>
  Effect.gen(function* () {
    const keyOf = ({ edge, placeId }: Surroundings) => JSON.stringify([edge, placeId])
    const missing = new Map<string, EdgeNotFound | PlaceNotFound | undefined>()
    for (const one of given) {
      if (missing.has(keyOf(one))) continue
      const found = checkSurroundings(sql, one).pipe(
        Effect.as(undefined),
        Effect.catchTag("EdgeNotFound", (error) => Effect.succeed(error)),
        Effect.catchTag("PlaceNotFound", (error) => Effect.succeed(error))
      )
      missing.set(keyOf(one), yield* found)
    }
    return (one: Surroundings) => missing.get(keyOf(one))
  })
