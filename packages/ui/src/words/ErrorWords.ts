import { HttpRefused } from "../client/Session.js"

const tagOf = (error: unknown): string | undefined =>
  typeof error === "object" && error !== null && "_tag" in error && typeof error._tag === "string" ? error._tag : undefined

const unexplained = "Something went wrong that the page has no words for."

/** What went wrong, in a sentence for the person who waits for it. The contract's own errors say it themselves. */
export const errorWords = (error: unknown): string => {
  switch (tagOf(error)) {
    case "RpcClientError":
      return "There is no connection to the server. The page tries again by itself."
    case "TimeoutException":
      return "The server did not answer in time."
    case "ParseError":
      return "Something that was entered, or that the server answered, does not fit. Reload the page, its version may be old."
    case "RevisionConflict":
      return "Somebody else changed this camera meanwhile. Reload the page to see their changes, then make yours again."
    default:
      // What it says is for programs: numbers of revisions.
      if (error instanceof HttpRefused && error.kind === "revision-conflict")
        return "Somebody else changed this meanwhile. Reload the page to see their changes, then make yours again."
      return error instanceof Error && error.message !== "" ? error.message : unexplained
  }
}
