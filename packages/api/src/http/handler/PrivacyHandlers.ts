import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { toServerResponse } from "@effect/platform-node/NodeHttpServerRequest"
import { Unauthorized } from "@vigil/core/contract/Principal"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import type { StoreUnavailable } from "@vigil/core/port/StoreError"
import { type Cause, Effect, Stream } from "effect"
import {
  eraseEvents,
  exportTenant,
  exportUser,
  getErasure,
  listErasures,
  previewErasure
} from "../../application/PrivacyOperations.js"
import { currentStay } from "../Authentication.js"
import { setHeaders } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

const stayOver = new Unauthorized({ detail: "The session of whoever asked for it has ended." })

/**
 * An archive that breaks off, because the database went away or the session of whoever asked has ended, breaks the connection off: a proper end would
 * make it look whole.
 */
const archive = (name: string) => (parts: Stream.Stream<Uint8Array, StoreUnavailable>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest
    const { ended } = yield* currentStay
    const breakOff = (cause: Cause.Cause<StoreUnavailable | Unauthorized>) =>
      Effect.zipRight(
        Effect.logWarning("an archive broke off", cause),
        Effect.sync(() => toServerResponse(request).destroy())
      )
    const allowed = Stream.interruptWhen(parts, Effect.zipRight(ended, stayOver))
    return HttpServerResponse.stream(Stream.tapErrorCause(allowed, breakOff), {
      contentType: "application/zip",
      headers: { "content-disposition": `attachment; filename="${name}.zip"` }
    })
  })

export const layerPrivacyHandlers = HttpApiBuilder.group(VigilApi, "privacy", (handlers) =>
  handlers
    .handle("listErasures", () => Effect.mapError(listErasures, toProblem))
    .handle("erase", ({ payload }) =>
      eraseEvents(payload).pipe(
        Effect.tap(({ id }) => setHeaders({ location: `/api/v1/privacy/erasures/${id}` })),
        Effect.mapError(toProblem)
      )
    )
    .handle("previewErasure", ({ payload }) => Effect.mapError(previewErasure(payload), toProblem))
    .handle("getErasure", ({ path: { id } }) => Effect.mapError(getErasure(id), toProblem))
    .handleRaw("exportTenant", () => exportTenant.pipe(Effect.flatMap(archive("vigil-export")), Effect.mapError(toProblem)))
    .handleRaw("exportUser", ({ path: { id } }) =>
      exportUser(id).pipe(Effect.flatMap(archive("vigil-user-export")), Effect.mapError(toProblem))
    )
)
