import { Layer } from "effect"
import * as JobMetrics from "./JobMetrics.js"
import * as VideoJobQueueJetStream from "./VideoJobQueueJetStream.js"
import * as VideoJobResultsJetStream from "./VideoJobResultsJetStream.js"

/** VideoJobs of a cluster and their results, over its NATS. Nothing is made on the server before a camera or a worker uses jobs. */
export const layer = Layer.merge(VideoJobQueueJetStream.layerConfig, VideoJobResultsJetStream.layerConfig)

/** The same with metrics of the groups' depth and lag, for a node that is asked for metrics. */
export const layerMeasured = Layer.provideMerge(JobMetrics.layer, layer)
