import { queryOptions } from "@tanstack/react-query"
import { LicenceStanding } from "@vigil/core/Licence"
import { asking } from "./Session.js"

const askForStanding = asking(LicenceStanding)

/** The tenant's own licence, and how much of it is used; for supervisors. */
export const licenceQuery = queryOptions({
  queryKey: ["licence"],
  queryFn: ({ signal }) => askForStanding("/api/v1/licence", { signal }),
  refetchInterval: 5 * 60_000
})
