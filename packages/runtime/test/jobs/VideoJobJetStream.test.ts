import { describe } from "@effect/vitest"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { defaultJobSettings } from "@vigil/runtime/jobs/JobSettings"
import * as VideoJobQueueJetStream from "@vigil/runtime/jobs/VideoJobQueueJetStream"
import * as VideoJobResultsJetStream from "@vigil/runtime/jobs/VideoJobResultsJetStream"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Effect, Layer } from "effect"
import { conformanceSettings, videoJobConformance } from "./VideoJobConformance.js"

const settings = { ...defaultJobSettings, ...conformanceSettings, maxBytes: 32 * 1024 * 1024 }

const layerJobs = Layer.unwrapScoped(
  Effect.map(startNatsServer(), ({ url }) =>
    Layer.merge(VideoJobQueueJetStream.layer(settings), VideoJobResultsJetStream.layer(settings)).pipe(
      Layer.provide(Nats.layer({ url, cluster: "jobs-test" }))
    )
  )
)

describe.skipIf(!hasNatsServer)("VideoJobs on JetStream [needs nats-server]", () => {
  videoJobConformance("JetStream", layerJobs)
})
