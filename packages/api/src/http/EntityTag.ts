import * as Headers from "@effect/platform/Headers"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { PreconditionFailed } from "@vigil/core/contract/Problem"
import { Effect } from "effect"

export const setHeaders = (headers: Record<string, string>) =>
  HttpApp.appendPreResponseHandler((_, response) => Effect.succeed(HttpServerResponse.setHeaders(response, headers)))

/** The entity tags of a conditional header; those of another form match nothing. */
const tagsIn = (header: string) =>
  [...header.matchAll(/(W\/)?("[!#-~]*")/g)].map(([, weak, opaque = ""]) => ({ isWeak: weak !== undefined, opaque }))

/** Whether who asks has this already: `If-None-Match`, by the weak comparison (RFC 9110 13.1.2). */
export const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined && (ifNoneMatch.trim() === "*" || tagsIn(ifNoneMatch).some(({ opaque }) => opaque === etag))

const notModified = ({ cookies, headers }: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.empty({ status: 304, cookies, headers: Headers.remove(headers, ["content-type", "content-length"]) })

/** Answers with the revision as an entity tag, for `If-Match` of the next change; whoever reads what it knows by its tag is answered 304 (RFC 9110 15.4.5). */
export const tagged = <A extends { readonly revision: number }>(thing: A) => {
  const etag = `"${thing.revision}"`
  const tag = HttpApp.appendPreResponseHandler(({ headers, method }, plain) => {
    const response = HttpServerResponse.setHeader(plain, "etag", etag)
    const isRead = (method === "GET" || method === "HEAD") && plain.status === 200
    return Effect.succeed(isRead && isKnown(headers["if-none-match"], etag) ? notModified(response) : response)
  })
  return Effect.as(tag, thing)
}

/** No thing is at this revision. */
const none = 0

/** The strong tags that can be a revision's, the newest first. A weak one, as some proxies make of a strong one, matches nothing (RFC 9110 13.1.1). */
const revisionsIn = (ifMatch: string): ReadonlyArray<number> => {
  const strong = tagsIn(ifMatch).filter(({ isWeak, opaque }) => !isWeak && /^"[1-9]\d{0,8}"$/.test(opaque))
  return [...new Set(strong.map(({ opaque }) => Number(opaque.slice(1, -1))))].sort((a, b) => b - a)
}

/**
 * Makes a change of a thing that is at one of the revisions that `IfMatch` names, or at any. Each is tried: whoever holds the thing while it is changed looks
 * at its revision, so that nobody comes between.
 */
export const onMatch = <A, E, R>(
  { "if-match": ifMatch }: { readonly "if-match"?: string | undefined },
  change: (expectedRevision: number | undefined) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  if (ifMatch === undefined || ifMatch.trim() === "*") return change(undefined)
  const [newest = none, ...others] = revisionsIn(ifMatch)
  return others.reduce(
    (attempt, revision) =>
      Effect.catchIf(
        attempt,
        (error) => error instanceof PreconditionFailed,
        () => change(revision)
      ),
    change(newest)
  )
}
