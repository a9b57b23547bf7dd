import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Effect, type Stream } from "effect"
import {
  eraseEvents,
  exportTenant,
  exportUser,
  getErasure,
  listErasures,
  previewErasure
} from "../../application/PrivacyOperations.js"
import { setHeaders } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

/** An archive that breaks off, because the database went away, ends the connection: its reader sees that it is not whole. */
const archive = (name: string) => (parts: Stream.Stream<Uint8Array, unknown>) =>
  HttpServerResponse.stream(parts, {
    contentType: "application/zip",
    headers: { "content-disposition": `attachment; filename="${name}.zip"` }
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
    .handleRaw("exportTenant", () => exportTenant.pipe(Effect.map(archive("vigil-export")), Effect.mapError(toProblem)))
    .handleRaw("exportUser", ({ path: { id } }) =>
      exportUser(id).pipe(Effect.map(archive("vigil-user-export")), Effect.mapError(toProblem))
    )
)
