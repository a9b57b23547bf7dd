import { queryOptions } from "@tanstack/react-query"
import { RemovedObject, type RestorableType } from "@vigil/core/RemovedObject"
import { Schema } from "effect"
import { asking } from "./Session.js"

const askForRemoved = asking(Schema.Array(RemovedObject))

/** What was removed and is not there again, the last first. */
export const removedQuery = (type: RestorableType) =>
  queryOptions({
    queryKey: ["removed", type],
    queryFn: ({ signal }) => askForRemoved(`/api/v1/removed/${type}`, { signal })
  })
