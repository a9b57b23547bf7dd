import { describe, expect, it, vi } from "@effect/vitest"
import { layerOpenTelemetry } from "@vigil/api/telemetry/OpenTelemetry"
import { ConfigProvider, Effect, Layer, Metric } from "effect"
import { once } from "node:events"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  await once(request, "end")
  return Buffer.concat(chunks)
}

/** Takes OTLP over HTTP and keeps what came, by path. */
const collector = Effect.acquireRelease(
  Effect.async<{ readonly url: string; readonly got: Map<string, string>; readonly close: () => void }>((resume) => {
    const got = new Map<string, string>()
    const server = createServer((request, response) => {
      void bodyOf(request).then((body) => {
        const path = request.url ?? ""
        got.set(path, (got.get(path) ?? "") + body.toString("latin1"))
        response.writeHead(200, { "content-type": "application/x-protobuf" }).end()
      })
    }).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, got, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

describe("OpenTelemetry", () => {
  it.scopedLive(
    "sends traces and Effect's metrics where the environment names a collector",
    () =>
      Effect.gen(function* () {
        const { got, url } = yield* collector
        yield* Effect.acquireRelease(
          Effect.sync(() =>
            vi
              .stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
              .stubEnv("OTEL_LOGS_EXPORTER", "none")
              .stubEnv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
          ),
          () => Effect.sync(() => vi.unstubAllEnvs())
        )
        yield* Metric.increment(Metric.counter("telemetry_probe", { incremental: true })).pipe(
          Effect.withSpan("probe-span"),
          Effect.provide(layerOpenTelemetry)
        )
        expect(got.get("/v1/traces")).toContain("probe-span")
        expect(got.get("/v1/traces")).toContain("vigil")
        expect(got.get("/v1/metrics")).toContain("telemetry_probe")
      }),
    120_000
  )

  it.scoped("does nothing without one", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(layerOpenTelemetry)
      expect(context.unsafeMap.size).toBe(0)
    }).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map())))
  )
})
