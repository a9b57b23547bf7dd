import { describe, layer } from "@effect/vitest"
import { layerBusMemory } from "@vigil/core/memory/BusMemory"
import { Bus } from "@vigil/core/port/Bus"
import { boundedBusConformance, busConformance } from "@vigil/fixtures/conformance/BusConformance"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { makeDiskBus } from "@vigil/runtime/bus/DiskBus"
import { makeJetStreamBus } from "@vigil/runtime/bus/JetStreamBus"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Effect, Layer, Logger, LogLevel } from "effect"
import { temporaryFolder } from "../material/TemporaryFolder.js"

const quiet = Logger.minimumLogLevel(LogLevel.Error)

const conforms = <E>(name: string, bus: Layer.Layer<Bus, E>, cases = [...busConformance, ...boundedBusConformance]) =>
  describe(`Bus: ${name}`, () => {
    layer(Layer.provideMerge(bus, quiet), { excludeTestServices: true })((it) => {
      for (const { name: does, run } of cases) it.scoped(does, () => run)
    })
  })

conforms("in memory", layerBusMemory, [...busConformance])

conforms(
  "on disk",
  Layer.scoped(
    Bus,
    Effect.flatMap(temporaryFolder("vigil-bus-"), (folder) =>
      makeDiskBus({ folder, maxAge: 3_600_000, maxBytes: 64 * 1024 * 1024, segmentBytes: 64 * 1024 })
    )
  )
)

describe.skipIf(!hasNatsServer)("[needs nats-server]", () => {
  conforms(
    "on JetStream",
    Layer.scoped(Bus, makeJetStreamBus({ maxAge: 3_600_000, maxBytes: 64 * 1024 * 1024, replicas: 1 })).pipe(
      Layer.provide(Layer.unwrapScoped(Effect.map(startNatsServer(), ({ url }) => Nats.layer({ url, cluster: "conformance" }))))
    )
  )
})
