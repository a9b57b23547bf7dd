import { Context, Effect, Layer } from "effect"
import { CameraStore } from "../port/CameraStore.js"
import { EventStore } from "../port/EventStore.js"
import { Outbox } from "../port/Outbox.js"
import type { RuntimeTable } from "../port/RuntimeTable.js"
import { SettingStore } from "../port/SettingStore.js"
import { makeCameraStoreMemory } from "./CameraStoreMemory.js"
import { makeEventStoreMemory } from "./EventStoreMemory.js"
import { makeOutboxMemory } from "./OutboxMemory.js"
import { layerRuntimeTableMemory } from "./RuntimeTableMemory.js"
import { makeSettingStoreMemory } from "./SettingStoreMemory.js"

/**
 * Cameras, their settings, how they run, and the newest 100,000 events, within this process, and the outbox with the messages of their changes, for the runtime's `OutboxRelay`
 * to publish.
 */
export const layerStoresMemory: Layer.Layer<CameraStore | EventStore | Outbox | RuntimeTable | SettingStore> =
  layerRuntimeTableMemory.pipe(
    Layer.provideMerge(
      Layer.effectContext(
        Effect.gen(function* () {
          const outbox = yield* makeOutboxMemory
          return Context.make(Outbox, outbox).pipe(
            Context.add(CameraStore, yield* makeCameraStoreMemory(outbox)),
            Context.add(EventStore, makeEventStoreMemory(100_000, outbox)),
            Context.add(SettingStore, makeSettingStoreMemory(outbox))
          )
        })
      )
    )
  )
