import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import type { TenantId } from "@vigil/core/Ids"
import type { LicenceStatus } from "@vigil/core/Licence"
import { Licences } from "@vigil/core/port/Licences"
import { Context, Effect, Exit, Layer } from "effect"

/** Milliseconds after which it is looked up again. */
const fresh = 30_000

interface Looked {
  readonly status: LicenceStatus
  readonly at: number
}

/** Tells programs how their tenant's licence stands, in the answers that they get anyway. No answer waits for it. */
export class LicenceNotice extends Context.Tag("@vigil/api/LicenceNotice")<
  LicenceNotice,
  {
    /** Adds the header `Vigil-Licence` to the current request's answer, where the licence is known to be anything but valid. */
    readonly addTo: (tenant: TenantId) => Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<LicenceNotice, never, Licences> = Layer.scoped(
    LicenceNotice,
    Effect.gen(function* () {
      const { standing } = yield* Licences
      const scope = yield* Effect.scope
      const known = new Map<TenantId, Looked>()
      const looking = new Set<TenantId>()

      const look = (tenant: TenantId) =>
        Effect.suspend(() => {
          looking.add(tenant)
          return Effect.exit(standing(tenant))
        }).pipe(
          Effect.map((found) => {
            looking.delete(tenant)
            // What is not known now stays as it was last.
            if (Exit.isSuccess(found)) known.set(tenant, { status: found.value.status, at: performance.now() })
          })
        )

      return LicenceNotice.of({
        addTo: (tenant) =>
          Effect.gen(function* () {
            const last = known.get(tenant)
            const isStale = last === undefined || performance.now() - last.at > fresh
            if (isStale && !looking.has(tenant)) yield* Effect.forkIn(look(tenant), scope)
            if (last === undefined || last.status === "valid") return
            yield* HttpApp.appendPreResponseHandler((_, response) =>
              Effect.succeed(HttpServerResponse.setHeader(response, "vigil-licence", last.status))
            )
          })
      })
    })
  )
}
