import { layerLogging } from "@vigil/api/telemetry/Logging"
import { layerOpenTelemetry } from "@vigil/api/telemetry/OpenTelemetry"
import { Layer } from "effect"

/** Logs, and traces and metrics over OTLP where the environment names a collector. */
export const layer = Layer.merge(layerLogging, layerOpenTelemetry)
