import { describe, expect, it } from "@effect/vitest"
import { CatalogueEntry } from "@vigil/core/Model"
import { Effect, Schema } from "effect"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createServer } from "node:http"
import { join } from "node:path"
import { temporaryFolder, vigil, vigilJson } from "../Vigil.js"

const samples = process.env["VIGIL_SAMPLES"] ?? join(import.meta.dirname, "../../../../../shared/samples")
const sample = join(samples, "models", "yolox_nano_416.onnx")

const decodeEntries = Schema.decodeUnknown(Schema.Array(CatalogueEntry))

/** Serves these bytes, whatever is asked for. */
const serve = (bytes: Uint8Array) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const server = createServer((_, response) => void response.end(bytes))
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      const bound = server.address()
      return { server, url: `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}/model.onnx` }
    }),
    ({ server }) =>
      Effect.promise(async () => {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      })
  ).pipe(Effect.map(({ url }) => url))

describe("vigil models pull", () => {
  it.scopedLive(
    "says where a known model has no address, and takes nothing else for it",
    () =>
      Effect.gen(function* () {
        const environment = { VIGIL_DATA: yield* temporaryFolder }
        const url = yield* serve(Buffer.alloc(3_660_092, 1))
        const [plain, other, absent] = yield* Effect.all(
          [
            vigil(["models", "pull", "yolox-nano"], environment),
            vigil(["models", "pull", "yolox-nano", "--from", url], environment),
            vigil(["models", "pull", "yolox-nano", "--from", "./absent.onnx"], environment)
          ],
          { concurrency: 3 }
        )
        expect(plain).toMatchObject({ code: 1, stderr: expect.stringContaining("say with --from URL|FILE where the file") })
        expect(other).toMatchObject({ code: 1, stderr: expect.stringMatching(/sha256 is .* the descriptor says 695e750a/) })
        expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining("absent.onnx") })
      }),
    400_000
  )

  it.scopedLive(
    "installs the file of a known model from an address",
    (context) =>
      Effect.gen(function* () {
        context.skip(!existsSync(sample), "the samples folder is absent")
        const environment = { VIGIL_DATA: yield* temporaryFolder }
        const url = yield* serve(yield* Effect.promise(() => readFile(sample)))
        const pulled = yield* vigil(["models", "pull", "yolox-nano", "--from", url], environment)
        expect(pulled, pulled.stderr).toMatchObject({ code: 0 })
        const entries = yield* Effect.flatMap(vigilJson(["models", "list"], environment), decodeEntries)
        expect(entries.find(({ descriptor }) => descriptor.id === "yolox-nano")).toMatchObject({ installed: true })
      }),
    400_000
  )
})
