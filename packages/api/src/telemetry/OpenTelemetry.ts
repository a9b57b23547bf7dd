import * as Metrics from "@effect/opentelemetry/Metrics"
import * as Resource from "@effect/opentelemetry/Resource"
import * as Tracer from "@effect/opentelemetry/Tracer"
import { Config, type ConfigError, Effect, Layer, Option } from "effect"

const serviceName = "vigil"

/** Loaded only where telemetry is sent: the SDK takes half a second and 30 MB. */
const loadSdk = Effect.promise(() =>
  Promise.all([
    import("@opentelemetry/sdk-node"),
    import("@opentelemetry/exporter-metrics-otlp-proto"),
    import("@opentelemetry/sdk-metrics")
  ])
)

/** The SDK configures itself from the OTEL_* environment; Effect's metrics are produced into its reader. */
const layerSdk = Layer.scopedDiscard(
  Effect.gen(function* () {
    const [{ NodeSDK }, { OTLPMetricExporter }, { PeriodicExportingMetricReader }] = yield* loadSdk
    const producer = yield* Metrics.makeProducer
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), metricProducers: [producer] })
        const sdk = new NodeSDK({ serviceName, metricReaders: [reader], instrumentations: [] })
        sdk.start()
        return sdk
      }),
      (sdk) =>
        Effect.tryPromise(() => sdk.shutdown()).pipe(
          Effect.timeout("3 seconds"),
          // The collector is away: what was not sent is lost, and the program ends all the same.
          Effect.catchAll((error) => Effect.logWarning(`telemetry that was not sent yet is lost: ${String(error)}`))
        )
    )
  })
)

const endpoint = Config.option(
  Config.string("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(
    Config.orElse(() => Config.string("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")),
    Config.orElse(() => Config.string("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"))
  )
)

/**
 * Sends traces and metrics by OTLP (HTTP, protobuf) where the standard environment names an endpoint (`OTEL_EXPORTER_OTLP_ENDPOINT`, ...);
 * without one it loads nothing, and nothing is traced.
 */
export const layerOpenTelemetry: Layer.Layer<never, ConfigError.ConfigError> = Layer.unwrapEffect(
  Effect.map(
    endpoint,
    Option.match({
      onNone: () => Layer.setTracerEnabled(false),
      onSome: () => Tracer.layerGlobal.pipe(Layer.provideMerge(layerSdk), Layer.provide(Resource.layer({ serviceName })))
    })
  )
)
