import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect } from "effect"

export const setHeaders = (headers: Record<string, string>) =>
  HttpApp.appendPreResponseHandler((_, response) => Effect.succeed(HttpServerResponse.setHeaders(response, headers)))

/** Answers with the revision as an entity tag, for `If-Match` of the next change. */
export const tagged = <A extends { readonly revision: number }>(thing: A) =>
  Effect.as(setHeaders({ etag: `"${thing.revision}"` }), thing)

/** No thing is at this revision. */
const none = 0

/** The revision that `IfMatch` names; undefined where any will do. A weak tag, as some proxies make of a strong one, matches nothing (RFC 9110 13.1.1). */
export const expectedRevision = ({ "if-match": ifMatch }: { readonly "if-match"?: string | undefined }): number | undefined => {
  if (ifMatch === undefined || ifMatch === "*") return undefined
  return /^"[1-9]\d{0,8}"$/.test(ifMatch) ? Number(ifMatch.slice(1, -1)) : none
}
