import { type NatsServerOptions, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { defaultJobSettings, type JobSettings } from "@vigil/runtime/jobs/JobSettings"
import * as VideoJobQueueJetStream from "@vigil/runtime/jobs/VideoJobQueueJetStream"
import * as VideoJobResultsJetStream from "@vigil/runtime/jobs/VideoJobResultsJetStream"
import { Nats } from "@vigil/runtime/nats/Nats"
import { Effect, Layer } from "effect"

/** Quick enough for tests, and little enough for the disk of a test's server. */
export const quickJobs: JobSettings = {
  ...defaultJobSettings,
  acknowledgementTime: 600,
  retryDelay: 50,
  deliveries: 3,
  maxBytes: 32 * 1024 * 1024
}

/** Jobs and results on a server, by a connection of its own. */
export const layerJobsAt = (url: string, settings: Partial<JobSettings> = {}, cluster = "jobs-test") =>
  Layer.merge(
    VideoJobQueueJetStream.layer({ ...quickJobs, ...settings }),
    VideoJobResultsJetStream.layer({ ...quickJobs, ...settings })
  ).pipe(Layer.provideMerge(Nats.layer({ url, cluster })))

/** The same with a server of its own. */
export const layerJobs = (settings: Partial<JobSettings> = {}, server: NatsServerOptions = {}) =>
  Layer.unwrapScoped(Effect.map(startNatsServer(server), ({ url }) => layerJobsAt(url, settings)))
