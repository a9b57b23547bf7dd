import { createHash, randomBytes } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { RpcTest } from "@effect/rpc"
import { hashToken, newToken } from "@vigil/api/auth/Token"
import { layerWorkerHandlers } from "@vigil/api/worker/WorkerHandlers"
import { WorkerRpc } from "@vigil/core/contract/WorkerRpc"
import { CameraId, defaultTenant, ModelId, TenantId } from "@vigil/core/Ids"
import { layerModelStoreMemory } from "@vigil/core/memory/ModelStoreMemory"
import { partSize, partsOf } from "@vigil/core/ModelVersion"
import { ModelStore } from "@vigil/core/port/ModelStore"
import { type WorkerRight, WorkerTokenStore } from "@vigil/core/port/WorkerTokenStore"
import { Chunk, Effect, Either, Layer, Option, Stream } from "effect"
import { describedModel } from "../Samples.js"

const other = TenantId.make("00000000-0000-4000-8000-000000000002")
const model = ModelId.make("trucks")

const tokens = { mine: newToken(), theirs: newToken(), forOneCamera: newToken() }
const rights = new Map<string, WorkerRight>([
  [tokens.mine, { tenantId: defaultTenant, cameraId: null }],
  [tokens.theirs, { tenantId: other, cameraId: null }],
  [tokens.forOneCamera, { tenantId: defaultTenant, cameraId: CameraId.make("00000000-0000-4000-8000-0000000000c1") }]
])

const layerTokens = Layer.succeed(WorkerTokenStore, {
  list: () => Effect.succeed([]),
  create: () => Effect.dieMessage("nobody asks"),
  remove: () => Effect.dieMessage("nobody asks"),
  find: (hash) =>
    Effect.sync(() => {
      const found = [...rights].find(([token]) => Buffer.from(hashToken(token)).equals(hash))
      return Option.fromNullable(found?.[1])
    })
})

const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

/** Keeps a version; `state` says how far it comes. */
const bring = (tenant: TenantId, version: string, bytes: Uint8Array, state: "quarantined" | "ready" | "active") =>
  Effect.gen(function* () {
    const store = yield* ModelStore
    const sha256 = sha256Of(bytes)
    yield* store.create(tenant, model, { version, bytes: bytes.length, sha256, hints: {} })
    for (let part = 0; part < partsOf(bytes.length); part++) {
      yield* store.putPart(tenant, model, version, part, bytes.subarray(part * partSize, (part + 1) * partSize))
    }
    const verdict =
      state === "quarantined"
        ? Either.left({ reason: "run" as const, detail: "it fails" })
        : Either.right(describedModel(model, version, { sha256, bytes: bytes.length }))
    yield* store.judge(tenant, model, version, verdict)
    if (state === "active") yield* store.activate(tenant, model, version)
    return { version, sha256, bytes }
  })

const asking = (token: string | undefined) =>
  Effect.map(RpcTest.makeClient(WorkerRpc), (client) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return {
      models: client.Models(undefined, { headers }),
      file: ({ sha256, version }: { readonly version: string; readonly sha256: string }, from = 0) =>
        client.ModelFile({ model, version, sha256, from }, { headers }).pipe(Stream.runCollect, Effect.map(Chunk.toReadonlyArray))
    }
  })

const served = Layer.provideMerge(layerWorkerHandlers, Layer.merge(layerTokens, layerModelStoreMemory))

describe("what nodes tell workers", () => {
  it.scoped("are the active models of the token's tenant, and their files from any byte on, in small pieces", () =>
    Effect.gen(function* () {
      const bytes = randomBytes(2_345_678)
      const mine = yield* bring(defaultTenant, "1", bytes, "active")
      const { file, models } = yield* asking(tokens.mine)
      expect(yield* models).toMatchObject({ tenantId: defaultTenant, models: [{ id: model, version: "1" }] })
      const pieces = yield* file(mine)
      expect(Buffer.concat(pieces).equals(bytes)).toBe(true)
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(100_000)
      for (const from of [1, 999_999, 1_000_000, 2_345_677, 2_345_678, 9_999_999]) {
        expect(Buffer.concat(yield* file(mine, from)).equals(bytes.subarray(from))).toBe(true)
      }
    }).pipe(Effect.provide(served))
  )

  it.scoped("are no other tenant's, and nothing that is not active", () =>
    Effect.gen(function* () {
      const theirs = yield* bring(other, "1", randomBytes(10), "active")
      const ready = yield* bring(defaultTenant, "1", randomBytes(10), "ready")
      const refused = yield* bring(defaultTenant, "2", randomBytes(10), "quarantined")
      const { file, models } = yield* asking(tokens.mine)
      expect(yield* models).toEqual({ tenantId: defaultTenant, models: [] })
      for (const wanted of [theirs, ready, refused]) {
        expect(yield* Effect.flip(file(wanted))).toMatchObject({ _tag: "ModelError", reason: "unknown" })
      }
      yield* (yield* ModelStore).activate(defaultTenant, model, "1")
      expect(yield* file(ready)).toHaveLength(1)
      yield* (yield* ModelStore).deactivate(defaultTenant, model)
      expect(yield* Effect.flip(file(ready))).toMatchObject({ reason: "unknown" })
    }).pipe(Effect.provide(served))
  )

  it.scoped("is nothing without a token, with an unknown one, or with one for a single camera", () =>
    Effect.gen(function* () {
      const mine = yield* bring(defaultTenant, "1", randomBytes(10), "active")
      for (const token of [undefined, "x", newToken(), tokens.forOneCamera]) {
        const { file, models } = yield* asking(token)
        expect(yield* Effect.flip(models)).toMatchObject({ _tag: "Unauthorized" })
        expect(yield* Effect.flip(file(mine))).toMatchObject({ _tag: "Unauthorized" })
      }
    }).pipe(Effect.provide(served))
  )
})
