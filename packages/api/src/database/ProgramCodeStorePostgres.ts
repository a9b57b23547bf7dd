import type { IdentityProviderId } from "@vigil/core/IdentityProvider"
import { ProgramCodeStore } from "@vigil/core/port/ProgramCodeStore"
import { DateTime, Effect, Layer, Option } from "effect"
import { Database } from "./Database.js"
import { isServed } from "./ServedTenants.js"
import { toUser } from "./UserStorePostgres.js"

interface CodeRow {
  readonly session_id: string
  readonly challenge: string
  readonly expires_at: Date
}

type OwnerRow = Parameters<typeof toUser>[0] & { readonly provider_id: IdentityProviderId | null }

const make = Effect.map(Database, (database) =>
  ProgramCodeStore.of({
    offer: (user, { challenge, codeHash, expiresAt, session }) =>
      database.tenant("let a program in", user.tenantId, (sql) =>
        Effect.gen(function* () {
          // What is over goes with the next one.
          yield* sql`delete from program_codes where expires_at <= ${DateTime.toDateUtc(yield* DateTime.now)}`
          yield* sql`insert into program_codes ${sql.insert({
            code_hash: codeHash,
            tenant_id: user.tenantId,
            session_id: session,
            challenge,
            expires_at: DateTime.toDateUtc(expiresAt)
          })}`
        })
      ),

    take: (codeHash) =>
      database.system("exchange a program's code", (sql) =>
        Effect.gen(function* () {
          const now = DateTime.toDateUtc(yield* DateTime.now)
          const [code] = yield* sql<CodeRow>`delete from program_codes where code_hash = ${codeHash} returning *`
          if (code === undefined || code.expires_at <= now) return Option.none()
          const [owner] = yield* sql<OwnerRow>`select u.*, s.provider_id from sessions s join users u on u.id = s.user_id
            where s.id = ${code.session_id} and s.expires_at > ${now} and ${isServed(sql, "s")}`
          if (owner === undefined) return Option.none()
          return Option.some({
            user: yield* toUser(owner),
            provider: owner.provider_id ?? undefined,
            challenge: code.challenge
          })
        })
      )
  })
)

export const layerProgramCodeStorePostgres: Layer.Layer<ProgramCodeStore, never, Database> = Layer.effect(ProgramCodeStore, make)
