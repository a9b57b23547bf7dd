import { toUrl } from "@vigil/api/database/Connection"
import { Database } from "@vigil/api/database/Database"
import { layerStores } from "@vigil/api/Persistence"
import { describe, expect, it } from "@effect/vitest"
import { defaultTenant } from "@vigil/core/Ids"
import * as OutboxRelay from "@vigil/core/OutboxRelay"
import { SettingStore } from "@vigil/core/port/SettingStore"
import { Settings } from "@vigil/core/settings/Settings"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import * as JetStreamBus from "@vigil/runtime/bus/JetStreamBus"
import { Nats } from "@vigil/runtime/nats/Nats"
import { ConfigProvider, Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { newDatabaseUrl } from "../SharedDatabase.js"
import { temporaryFolder, until } from "../Vigil.js"

describe.skipIf(!hasNatsServer)("settings of two nodes [needs nats-server]", () => {
  it.scopedLive(
    "a change on one is known on the other at once, by the bus, and what nobody told when it is asked for",
    () =>
      Effect.gen(function* () {
        const { url: nats } = yield* startNatsServer()
        const database = yield* newDatabaseUrl
        const folder = yield* temporaryFolder
        const node = (name: string) =>
          Layer.build(
            Settings.layer.pipe(
              Layer.provideMerge(OutboxRelay.layer),
              Layer.provideMerge(JetStreamBus.layer),
              Layer.provideMerge(layerStores(toUrl(Redacted.make(database)), folder)),
              Layer.provide(Nats.layer({ url: nats, cluster: "vigil", name })),
              Layer.provide(Logger.minimumLogLevel(LogLevel.None))
            )
          ).pipe(
            Effect.withConfigProvider(
              ConfigProvider.fromMap(
                new Map([
                  ["VIGIL_KEY", Buffer.alloc(32, 7).toString("base64")],
                  ["VIGIL_BUS_MAX_BYTES", "16777216"],
                  // Nothing is known because it got old.
                  ["VIGIL_SETTINGS_TTL", "1 day"]
                ])
              )
            )
          )
        const [north, south] = yield* Effect.all([node("north"), node("south")])
        const duration = Settings.pipe(
          Effect.flatMap(({ ofTenant }) => ofTenant(defaultTenant)),
          Effect.map(({ tenant }) => tenant.values["segment.duration"])
        )
        const untilKnown = (value: number) =>
          Effect.provide(
            until(`it is ${value}`, duration, (known) => known === value),
            south
          )
        expect(yield* Effect.provide(duration, south)).toBeUndefined()
        const change = Effect.flatMap(SettingStore, (store) =>
          store.change(defaultTenant, { level: "tenant" }, { "segment.duration": 3 })
        )
        yield* Effect.provide(change, north)
        yield* untilKnown(3)

        const byHand = Effect.flatMap(Database, (tables) =>
          tables.system("restore", (sql) => sql`update settings set said = '{"segment.duration": 4}'`)
        )
        yield* Effect.provide(byHand, north)
        expect(yield* Effect.provide(duration, south)).toBe(3)
        yield* Effect.provide(
          Effect.flatMap(Settings, ({ refresh }) => refresh(defaultTenant, defaultTenant)),
          north
        )
        yield* untilKnown(4)
      }),
    400_000
  )
})
