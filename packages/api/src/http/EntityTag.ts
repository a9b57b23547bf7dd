import * as Headers from "@effect/platform/Headers"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { PreconditionFailed } from "@vigil/core/contract/Problem"
import type { Expected } from "@vigil/core/port/Expected"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"

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

/** Answers with an entity tag, for `If-Match` of the next change; whoever reads what it knows by its tag is answered 304 (RFC 9110 15.4.5). */
const answerTag = (etag: string) =>
  HttpApp.appendPreResponseHandler(({ headers, method }, plain) => {
    const response = HttpServerResponse.setHeader(plain, "etag", etag)
    const isRead = (method === "GET" || method === "HEAD") && plain.status === 200
    return Effect.succeed(isRead && isKnown(headers["if-none-match"], etag) ? notModified(response) : response)
  })

/** Answers with the revision as an entity tag. */
export const tagged = <A extends { readonly revision: number }>(thing: A) => Effect.as(answerTag(`"${thing.revision}"`), thing)

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

/** Entity tags of things that have no revision: digests of what they say. */
export const contentTags = <A, I>(schema: Schema.Schema<A, I>) => {
  const encode = Schema.encodeSync(schema)
  const tagOf = (thing: A) =>
    `"${createHash("sha256")
      .update(JSON.stringify(encode(thing)))
      .digest("base64url")}"`
  return {
    tagged: (thing: A) => Effect.as(answerTag(tagOf(thing)), thing),
    /** For an answer that says more than the thing: that it is known says nothing of the rest, so it is never answered 304. */
    label: (thing: A) => setHeaders({ etag: tagOf(thing) }),
    /** What `IfMatch` expects; undefined: anything. */
    expected: ({ "if-match": ifMatch }: { readonly "if-match"?: string | undefined }): Expected<A> | undefined => {
      if (ifMatch === undefined || ifMatch.trim() === "*") return undefined
      const strong = new Set(tagsIn(ifMatch).flatMap(({ isWeak, opaque }) => (isWeak ? [] : [opaque])))
      return (now) => strong.has(tagOf(now))
    }
  }
}
