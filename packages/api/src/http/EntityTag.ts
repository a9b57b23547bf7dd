import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Effect } from "effect"

export const setHeaders = (headers: Record<string, string>) =>
  HttpApp.appendPreResponseHandler((_, response) => Effect.succeed(HttpServerResponse.setHeaders(response, headers)))

/** Answers with the revision as an entity tag, for `If-Match` of the next change. */
export const tagged = <A extends { readonly revision: number }>(thing: A) =>
  Effect.as(setHeaders({ etag: `"${thing.revision}"` }), thing)

/** The revision that `IfMatch` names; undefined where any will do. */
export const expectedRevision = ({ "if-match": ifMatch }: { readonly "if-match"?: string | undefined }): number | undefined =>
  ifMatch === undefined || ifMatch === "*" ? undefined : Number(ifMatch.slice(1, -1))
