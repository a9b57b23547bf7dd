import { createHash } from "node:crypto"
import { readdir, writeFile } from "node:fs/promises"
import { createServer, type RequestListener, type Server } from "node:http"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import type { Size } from "@vigil/core/geometry/BoundingBox"
import { ModelId } from "@vigil/core/Ids"
import type { ModelDescriptor, ModelError } from "@vigil/core/Model"
import { ModelCatalogue } from "@vigil/core/port/ModelCatalogue"
import { failing, lyingOutput, notOnnx, slow, truncated, wrongInput, wrongOutput } from "@vigil/fixtures/onnx/BrokenModels"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { layer, type ModelRepositoryOptions } from "@vigil/runtime/model/ModelRepository"
import { Effect, Either, Option } from "effect"
import { describeTiny, type Folder, temporaryFolder } from "../material/Models.js"

/** Matches a text that has this in it. */
const containing = (text: string): unknown => expect.stringContaining(text)

const size: Size = { width: 96, height: 64 }
const good = fixedYolox({ size, classes: 2, detections: [] })

type Catalogue = typeof ModelCatalogue.Service

/** Runs with an empty catalogue; `incoming` is a folder for files to install. */
const withCatalogue = async (
  options: Partial<ModelRepositoryOptions>,
  test: (catalogue: Catalogue, folder: Folder, incoming: Folder) => Promise<void>
): Promise<void> => {
  const folder = await temporaryFolder()
  const incoming = await temporaryFolder()
  try {
    const program = Effect.flatMap(ModelCatalogue, (catalogue) => Effect.promise(() => test(catalogue, folder, incoming)))
    await Effect.runPromise(Effect.provide(program, layer({ known: [], ...options, folder: folder.path })))
  } finally {
    await folder[Symbol.asyncDispose]()
    await incoming[Symbol.asyncDispose]()
  }
}

const failure = async <A>(effect: Effect.Effect<A, ModelError>): Promise<ModelError> => Effect.runPromise(Effect.flip(effect))

const ignore = () => {}

describe("ModelRepository", () => {
  it("installs, lists, prefers, replaces and removes models", () =>
    withCatalogue({ known: [describeTiny(good, size, { id: ModelId.make("known") })] }, async (catalogue, folder, incoming) => {
      expect(await failure(catalogue.installed(ModelId.make("known")))).toMatchObject({ reason: "not-installed" })
      expect(await failure(catalogue.installed(ModelId.make("other")))).toMatchObject({ reason: "unknown" })
      expect(await Effect.runPromise(catalogue.preferred("objects"))).toEqual(Option.none())

      const first = describeTiny(good, size)
      const installed = await Effect.runPromise(catalogue.install(first, await incoming.write("first.onnx", good)))
      expect(await Effect.runPromise(catalogue.installed(first.id))).toEqual(installed)
      expect(await Effect.runPromise(catalogue.preferred("objects"))).toEqual(Option.some(installed))
      expect(await Effect.runPromise(catalogue.preferred("faces"))).toEqual(Option.none())
      const states = (await Effect.runPromise(catalogue.list)).map(({ descriptor, installed }) => [descriptor.id, installed])
      expect(states).toEqual([
        ["known", false],
        ["tiny", true]
      ])

      const bytes = fixedYolox({
        size,
        classes: 2,
        detections: [{ label: 0, confidence: 1, box: { x: 1, y: 1, width: 9, height: 9 } }]
      })
      const second = describeTiny(bytes, size, { version: "2" })
      await Effect.runPromise(catalogue.install(second, await incoming.write("second.onnx", bytes)))
      expect((await Effect.runPromise(catalogue.installed(first.id))).descriptor.version).toBe("2")
      expect(await readdir(folder.path)).toHaveLength(2)

      await Effect.runPromise(catalogue.remove(first.id))
      expect(await readdir(folder.path)).toEqual([])
      expect(await failure(catalogue.remove(first.id))).toMatchObject({ reason: "unknown" })
    }))

  const wrong: ReadonlyArray<readonly [string, ModelDescriptor, Uint8Array, ModelError["reason"], string]> = [
    ["is not ONNX", describeTiny(notOnnx, size), notOnnx, "not-onnx", "not an ONNX file"],
    ["is cut off", describeTiny(truncated(good), size), truncated(good), "not-onnx", "cut off"],
    ["is shorter than its descriptor says", describeTiny(good, size), truncated(good), "checksum", `of ${good.length} bytes`],
    ["is longer than its descriptor says", describeTiny(truncated(good), size), good, "checksum", "larger than"],
    ["has another checksum", describeTiny(good, size, { sha256: "0".repeat(64) }), good, "checksum", "sha256"],
    ["has no picture as its input", describeTiny(wrongInput(), size), wrongInput(), "shape", "features"],
    [
      "has another input size",
      describeTiny(good, { width: 64, height: 64 }),
      good,
      "shape",
      "expects images float32 [1, 3, 64, 64]"
    ],
    ["has other classes", describeTiny(good, size, { labels: ["one"] }), good, "shape", "1 classes"],
    ["declares outputs of no adapter", describeTiny(wrongOutput(size), size), wrongOutput(size), "shape", "[1, 3, 1, 1]"],
    [
      "answers with something else than it declares",
      describeTiny(lyingOutput(size, 2), size),
      lyingOutput(size, 2),
      "shape",
      "outputs are"
    ],
    ["fails when it runs", describeTiny(failing(size), size, { labels: ["a", "b"] }), failing(size), "run", "ONNX Runtime"]
  ]
  for (const [what, descriptor, bytes, reason, detail] of wrong) {
    it(`does not install a file that ${what}`, () =>
      withCatalogue({}, async (catalogue, folder, incoming) => {
        const error = await failure(catalogue.install(descriptor, await incoming.write("model.onnx", bytes)))
        expect(error).toMatchObject({ reason, detail: containing(detail) })
        expect(await readdir(folder.path)).toEqual([])
      }))
  }

  it("keeps the installed model when a new version is refused", () =>
    withCatalogue({}, async (catalogue, _, incoming) => {
      const installed = await Effect.runPromise(
        catalogue.install(describeTiny(good, size), await incoming.write("good.onnx", good))
      )
      await failure(catalogue.install(describeTiny(notOnnx, size), await incoming.write("bad.onnx", notOnnx)))
      expect(await Effect.runPromise(catalogue.installed(installed.descriptor.id))).toEqual(installed)
    }))

  it("does not install a model whose test run takes too long, or too much memory", async () => {
    const bytes = slow({ width: 320, height: 256 }, 2, 2000)
    const descriptor = describeTiny(bytes, { width: 320, height: 256 })
    for (const [limits, detail] of [
      [{ time: 1500, memory: 2 ** 40 }, "did not finish"],
      [{ time: 60_000, memory: 2 ** 24 }, "MiB of memory"]
    ] as const) {
      await withCatalogue({ testRun: limits }, async (catalogue, folder, incoming) => {
        const error = await failure(catalogue.install(descriptor, await incoming.write("slow.onnx", bytes)))
        expect(error).toMatchObject({ reason: "run", detail: containing(detail) })
        expect(await readdir(folder.path)).toEqual([])
      })
    }
  })

  it("notices that an installed file was changed, and shows other models beside a broken description", () =>
    withCatalogue({}, async (catalogue, folder, incoming) => {
      const { descriptor, file } = await Effect.runPromise(
        catalogue.install(describeTiny(good, size), await incoming.write("good.onnx", good))
      )
      await folder.write("broken.json", Buffer.from("{"))
      expect(await Effect.runPromise(catalogue.list)).toEqual([{ descriptor, installed: true }])
      expect(await failure(catalogue.installed(ModelId.make("broken")))).toMatchObject({ reason: "descriptor" })
      await writeFile(file, Buffer.alloc(good.length))
      expect(await failure(catalogue.installed(descriptor.id))).toMatchObject({ reason: "checksum" })
    }))

  describe("pull", () => {
    let server: Server
    let address = ""
    const answers: Record<string, RequestListener> = {
      "/good": (_, response) => void response.setHeader("content-length", good.length).end(good),
      "/chunked": (_, response) => {
        response.write(good.subarray(0, 100))
        response.end(good.subarray(100))
      },
      "/moved": (_, response) => void response.writeHead(302, { location: "/good" }).end(),
      "/missing": (_, response) => void response.writeHead(404).end("no such file"),
      "/other-length": (_, response) => void response.setHeader("content-length", 5).end("short"),
      "/promises-more": (request, response) => {
        response.setHeader("content-length", good.length).flushHeaders()
        response.write(good.subarray(0, 50), () => request.socket.destroy())
      },
      "/endless": (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536))) continue
          if (!response.destroyed) response.once("drain", more)
        }
        more()
      },
      "/silent": (_, response) => void response.setHeader("content-length", good.length).write(good.subarray(0, 10)),
      "/changed": (_, response) => void response.end(Buffer.alloc(good.length, 1))
    }
    beforeAll(async () => {
      server = createServer((request, response) => answers[request.url ?? ""]?.(request, response))
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
      const bound = server.address()
      address = typeof bound === "object" && bound !== null ? `http://127.0.0.1:${bound.port}` : ""
    })
    afterAll(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })

    const pull = async (
      url: string | undefined,
      test: (
        result: Either.Either<unknown, ModelError>,
        left: ReadonlyArray<string>,
        progress: ReadonlyArray<readonly [number, number]>
      ) => void
    ) => {
      const known = describeTiny(good, size, url === undefined ? {} : { url })
      await withCatalogue({ known: [known], receive: { idle: 400 } }, async (catalogue, folder) => {
        const progress: Array<readonly [number, number]> = []
        const pulled = catalogue.pull(known.id, (received, total) => void progress.push([received, total]))
        test(await Effect.runPromise(Effect.either(pulled)), await readdir(folder.path), progress)
      })
    }

    for (const path of ["/good", "/chunked", "/moved"]) {
      it(`fetches ${path} and tells how far it is`, () =>
        pull(address + path, (result, left, progress) => {
          expect(Either.isRight(result)).toBe(true)
          expect([...left].sort()).toEqual([
            `tiny-${createHash("sha256").update(good).digest("hex").slice(0, 16)}.onnx`,
            "tiny.json"
          ])
          expect(progress.at(-1)).toEqual([good.length, good.length])
        }))
    }

    it("fetches file urls", async () => {
      const incoming = await temporaryFolder()
      const file = await incoming.write("good.onnx", good)
      await pull(pathToFileURL(file).href, (result) => expect(Either.isRight(result)).toBe(true))
      await incoming[Symbol.asyncDispose]()
    })

    it("fetches from where it is told to, and there too only what the description says", async () => {
      await withCatalogue({ known: [describeTiny(good, size, { url: `${address}/missing` })] }, async (catalogue) => {
        const from = (path: string) =>
          Effect.runPromise(Effect.either(catalogue.pull(ModelId.make("tiny"), ignore, `${address}${path}`)))
        expect(Either.flip(await from("/changed"))).toMatchObject({ right: { reason: "checksum" } })
        expect(Either.isRight(await from("/good"))).toBe(true)
      })
    })

    const refused: ReadonlyArray<readonly [string, ModelError["reason"], string]> = [
      ["/missing", "download", "answered 404"],
      ["/other-length", "checksum", "offers 5 bytes"],
      ["/promises-more", "download", "/promises-more: "],
      ["/endless", "checksum", "larger than"],
      ["/silent", "download", "nothing came for 400 ms"],
      ["/changed", "checksum", "sha256"]
    ]
    for (const [path, reason, detail] of refused) {
      it(`installs nothing from ${path}`, () =>
        pull(`${address}${path}`, (result, left) => {
          expect(Either.flip(result)).toMatchObject({ right: { reason, detail: containing(detail) } })
          expect(left).toEqual([])
        }))
    }

    it("says what is wrong with an url, without its secrets", async () => {
      await pull(undefined, (result) =>
        expect(Either.flip(result)).toMatchObject({ right: { reason: "download", detail: containing("--from URL|FILE") } })
      )
      await pull("http://me:secret@127.0.0.1:1/model", (result) => {
        expect(Either.flip(result)).toMatchObject({ right: { reason: "descriptor", detail: containing("password") } })
        expect(JSON.stringify(result)).not.toContain("secret")
      })
      await pull("ftp://127.0.0.1/model", (result) =>
        expect(Either.flip(result)).toMatchObject({ right: { reason: "descriptor" } })
      )
      await pull("http://127.0.0.1:1/model?token=secret", (result) => {
        expect(Either.flip(result)).toMatchObject({
          right: { reason: "download", detail: containing("http://127.0.0.1:1/model") }
        })
        expect(JSON.stringify(result)).not.toContain("secret")
      })
    })

    it("fetches nothing more once it is interrupted", () => {
      const known = describeTiny(good, size, { url: `${address}/silent` })
      return withCatalogue({ known: [known] }, async (catalogue, folder) => {
        const result = await Effect.runPromise(Effect.timeoutOption(catalogue.pull(known.id, ignore), 100))
        expect(Option.isNone(result)).toBe(true)
        expect(await readdir(folder.path)).toEqual([])
      })
    })
  })
})
