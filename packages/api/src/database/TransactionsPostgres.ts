import { Transactions } from "@vigil/core/port/Transactions"
import { Effect, Layer } from "effect"
import { Database } from "./Database.js"

/** What stores do within one piece of work is part of its transaction. */
export const layerTransactionsPostgres: Layer.Layer<Transactions, never, Database> = Layer.effect(
  Transactions,
  Effect.map(Database, (database) =>
    Transactions.of({ together: (tenant, work) => database.tenant("change together", tenant, () => work) })
  )
)
