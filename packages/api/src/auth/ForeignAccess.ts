import { inNameOf } from "@vigil/core/ChangeAuthor"
import type { Principal } from "@vigil/core/contract/Principal"
import { defaultTenant } from "@vigil/core/Ids"
import { AuditStore } from "@vigil/core/port/AuditStore"
import { TenantStore } from "@vigil/core/port/TenantStore"
import { foreignAsked } from "@vigil/core/TenantChanges"
import { Context, Effect, Layer, Metric, Queue } from "effect"

type Caller = typeof Principal.Service

interface Asked {
  readonly caller: Caller
  readonly call: string
  readonly ids: ReadonlyArray<string>
}

/** Questions that wait to be looked into; more are counted and let go. */
const mostWaiting = 256
/** Ids of one question. */
const mostIds = 100
/** Milliseconds in which the same user is told of with the same id once. */
const toldFor = 600_000
const mostTold = 10_000

const dropped = Metric.counter("vigil_foreign_access_dropped", {
  description: "Questions for what is not there that were not looked into, because too many came",
  incremental: true
})

const uuids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi

/** The ids that a text names. */
export const idsIn = (text: string): ReadonlyArray<string> =>
  [...new Set((text.match(uuids) ?? []).map((id) => id.toLowerCase()))].slice(0, mostIds)

/**
 * Who is told that there is no such thing may have asked for another tenant's. That is looked into after the answer, which is therefore the same, and as
 * fast, as for what is nobody's; and it is noted in the installation's own trail, of which neither of the tenants learns.
 */
export class ForeignAccess extends Context.Tag("@vigil/api/ForeignAccess")<
  ForeignAccess,
  {
    readonly note: (caller: Caller, call: string, ids: ReadonlyArray<string>) => Effect.Effect<void>
  }
>() {
  static readonly layer: Layer.Layer<ForeignAccess, never, AuditStore | TenantStore> = Layer.scoped(
    ForeignAccess,
    Effect.gen(function* () {
      const tenants = yield* TenantStore
      const audit = yield* AuditStore
      const waiting = yield* Queue.dropping<Asked>(mostWaiting)
      const told = new Map<string, number>()

      const isNews = (key: string): boolean => {
        const now = performance.now()
        if ((told.get(key) ?? Number.NEGATIVE_INFINITY) > now - toldFor) return false
        told.delete(key)
        told.set(key, now)
        if (told.size > mostTold) for (const oldest of told.keys()) return told.delete(oldest)
        return true
      }

      const look = ({ call, caller: { address, user }, ids }: Asked) =>
        Effect.gen(function* () {
          const found = yield* tenants.foreign(user.tenantId, ids)
          for (const asked of found.filter(({ id }) => isNews(`${user.id} ${id}`))) {
            yield* inNameOf(user, address)(audit.append(defaultTenant, foreignAsked(user.tenantId, call, asked)))
          }
        }).pipe(
          Effect.catchAll((error) =>
            Effect.logWarning(`whether ${call} asked for another tenant's is not known: ${error.message}`)
          )
        )

      yield* Queue.take(waiting).pipe(Effect.flatMap(look), Effect.forever, Effect.forkScoped)

      return ForeignAccess.of({
        note: (caller, call, ids) =>
          ids.length === 0
            ? Effect.void
            : Effect.flatMap(Queue.offer(waiting, { caller, call, ids }), (taken) =>
                taken ? Effect.void : Metric.increment(dropped)
              )
      })
    })
  )
}
