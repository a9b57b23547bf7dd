/**
 * Seals the secrets that stand in clear in cameras' addresses: older programs left them there, or did not take them for secrets. Only a process that has
 * the key can, so each does when it starts; where nothing is to do, it has looked.
 *
 * @module
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import { concealed } from "@vigil/core/AddressSecrets"
import { connectedAddress, recordedAddress } from "@vigil/core/CameraRecord"
import { Effect, Layer, Number, Option, Stream } from "effect"
import { Database } from "../database/Database.js"
import { DatabaseError } from "../database/DatabaseError.js"
import type { KeyRing } from "./KeyRing.js"
import { MasterKey } from "./MasterKey.js"
import { sealCamera, type SealedCamera, unsealCamera } from "./SealedCamera.js"

/** Cameras of one transaction. */
const batch = 200

const noId: string = "00000000-0000-0000-0000-000000000000"

interface AddressRow extends SealedCamera {
  readonly url: string
}

/** Those of the next batch that may have a secret in their address. */
const batchAfter = (sql: SqlClient, after: string) =>
  sql<AddressRow>`select id, configuration ->> 'url' as url, credentials, address from cameras
    where id > ${after} and configuration ->> 'url' ~* '=|%3D|://[^/]*/.*(:|%3A)'
    order by id limit ${batch} for no key update`

const sealOne = (sql: SqlClient, key: KeyRing, row: AddressRow) =>
  Effect.gen(function* () {
    const { id, url: clear } = row
    if (concealed(clear) === clear) return 0
    const secrets = yield* unsealCamera(key, row, "seal addresses")
    const { address, url } = recordedAddress(connectedAddress({ url: clear }, secrets))
    const sealed = sealCamera(key, id, { ...secrets, address })
    yield* sql`update cameras set address = ${sealed.address},
      configuration = jsonb_set(configuration, '{url}', to_jsonb(${url}::text)) where id = ${id}`
    return 1
  }).pipe(
    Effect.catchTag("StoreUnavailable", (error) =>
      Effect.as(Effect.logWarning(`its address stays in clear: ${error.message}`), 0)
    )
  )

const sealAll = Effect.gen(function* () {
  const database = yield* Database
  const key = yield* MasterKey
  const sealNext = (after: string) =>
    database.system("seal addresses", (sql) =>
      Effect.gen(function* () {
        const rows = yield* batchAfter(sql, after)
        const sealed = yield* Effect.forEach(rows, (row) => sealOne(sql, key, row))
        return [Number.sumAll(sealed), Option.fromNullable(rows.at(-1)?.id)] as const
      })
    )
  const sealed = yield* Stream.runSum(Stream.paginateEffect(noId, sealNext))
  if (sealed > 0) yield* Effect.logInfo(`the secrets in the addresses of ${sealed} cameras, which stood in clear, are sealed`)
}).pipe(Effect.mapError(({ detail }) => new DatabaseError({ step: "seal the secrets of addresses", detail })))

export const layerSealedAddresses: Layer.Layer<never, DatabaseError, Database | MasterKey> = Layer.effectDiscard(sealAll)
