import { QueryClient } from "@tanstack/react-query"
import { ModelVersion, partSize } from "@vigil/core/ModelVersion"
import { Either, Schema } from "effect"
import { createHash } from "node:crypto"
import { afterEach, expect, it, vi } from "vitest"
import { type ModelUpload, type UploadProgress, uploadModel } from "../../src/client/OwnModels.js"
import { modelUpload } from "../../src/form/ModelDraft.js"

const bytes = new Uint8Array(2 * partSize + 5).map((_, at) => at % 251)
const sha256 = createHash("sha256").update(bytes).digest("hex")
const upload: ModelUpload = {
  file: new Blob([bytes]),
  ...Either.getOrThrow(modelUpload({ model: "fork-lifts", version: "1.0", hints: "" }))
}

/** A server that keeps parts, and finds every file good. */
const server = (received: number) => {
  const calls: Array<string> = []
  const answer = (state: "uploading" | "ready", here: number) =>
    Schema.encodeSync(ModelVersion)(
      Schema.decodeUnknownSync(ModelVersion)({
        tenantId: "00000000-0000-4000-8000-000000000001",
        model: "fork-lifts",
        version: "1.0",
        state,
        active: false,
        bytes: bytes.length,
        sha256,
        hints: {},
        received: here,
        descriptor: null,
        refusal: null,
        createdAt: "2026-11-21T12:00:00Z",
        checkedAt: null
      })
    )
  const parts: Array<Blob> = []
  vi.stubGlobal("fetch", async (path: string, { body, method = "GET", signal }: RequestInit = {}) => {
    signal?.throwIfAborted()
    calls.push(`${method} ${path.replace("/api/v1/models", "")}`)
    if (body instanceof Blob) parts.push(body)
    if (typeof body === "string")
      expect(JSON.parse(body)).toEqual({ model: "fork-lifts", version: "1.0", bytes: bytes.length, sha256, hints: {} })
    return new Response(JSON.stringify(answer(path.endsWith("/check") ? "ready" : "uploading", received)))
  })
  return { calls, parts }
}

afterEach(() => vi.unstubAllGlobals())

it("announces a file with its checksum, sends it in parts, and has it checked", async () => {
  const { calls, parts } = server(0)
  const steps: Array<UploadProgress> = []
  const done = await uploadModel(new QueryClient(), upload, (progress) => steps.push(progress), new AbortController().signal)
  expect(done.state).toBe("ready")
  const version = "/fork-lifts/versions/1.0"
  expect(calls).toEqual(["POST /versions", ...[0, 1, 2].map((part) => `PUT ${version}/parts/${part}`), `POST ${version}/check`])
  expect(Buffer.from(await new Blob(parts).arrayBuffer()).equals(bytes)).toBe(true)
  expect(steps.map(({ done: so, step }) => `${step} ${so}`)).toEqual([
    ...["reading", "sending"].flatMap((step) => [partSize, 2 * partSize, bytes.length].map((so) => `${step} ${so}`)),
    `checking ${bytes.length}`
  ])
})

it("sends nothing again of a file that is there, and nothing at all once it is stopped", async () => {
  const { calls } = server(bytes.length)
  await uploadModel(new QueryClient(), upload, () => undefined, new AbortController().signal)
  expect(calls).toEqual(["POST /versions", "POST /fork-lifts/versions/1.0/check"])
  const stop = new AbortController()
  const cut = server(0)
  const stopped = uploadModel(new QueryClient(), upload, ({ step }) => step === "sending" && stop.abort(), stop.signal)
  await expect(stopped).rejects.toThrow()
  expect(cut.calls).toEqual(["POST /versions", "PUT /fork-lifts/versions/1.0/parts/0"])
})
