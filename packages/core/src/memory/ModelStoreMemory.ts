import { DateTime, Effect, Layer, PubSub, Stream } from "effect"
import type { ModelId, TenantId } from "../Ids.js"
import { judged, ModelVersion, type VersionName } from "../ModelVersion.js"
import { byModel, checkActivation, checkComplete, checkPart, checkRemoval, newVersion } from "../ModelVersionRules.js"
import { ModelStore, ModelVersionNotFound } from "../port/ModelStore.js"

interface Kept {
  version: ModelVersion
  readonly parts: Map<number, Uint8Array>
}

/** Models within this process, which does not know what cameras name. */
const make = Effect.gen(function* () {
  const kept: Array<Kept> = []
  const changed = yield* PubSub.sliding<void>(1)

  const find = (tenant: TenantId, model: ModelId, version: VersionName) =>
    Effect.suspend(() => {
      const found = kept.find(
        (one) => one.version.tenantId === tenant && one.version.model === model && one.version.version === version
      )
      return found === undefined ? new ModelVersionNotFound({ model, version }) : Effect.succeed(found)
    })

  const ofTenant = (tenant: TenantId) => kept.map(({ version }) => version).filter(({ tenantId }) => tenantId === tenant)

  const save = (one: Kept, version: ModelVersion) =>
    Effect.sync(() => {
      one.version = version
    }).pipe(Effect.zipRight(PubSub.publish(changed, undefined)), Effect.as(version))

  const switchOff = (tenant: TenantId, model: ModelId) => {
    const before = kept.filter(({ version }) => version.tenantId === tenant && version.model === model && version.active)
    for (const one of before) one.version = ModelVersion.make({ ...one.version, active: false })
    return before.length > 0
  }

  return ModelStore.of({
    list: (tenant) => Effect.sync(() => ofTenant(tenant).sort(byModel)),
    get: (tenant, model, version) => Effect.map(find(tenant, model, version), (found) => found.version),
    create: (tenant, model, input) =>
      Effect.gen(function* () {
        const version = yield* newVersion(ofTenant(tenant), tenant, model, input, yield* DateTime.now)
        if (!kept.some((one) => one.version === version)) kept.push({ version, parts: new Map() })
        return version
      }),
    putPart: (tenant, model, name, part, bytes) =>
      Effect.gen(function* () {
        const one = yield* find(tenant, model, name)
        yield* checkPart(one.version, part, bytes.length)
        one.parts.set(part, Uint8Array.from(bytes))
        const received = [...one.parts.values()].reduce((sum, { length }) => sum + length, 0)
        one.version = ModelVersion.make({ ...one.version, state: "uploading", refusal: null, received })
        return one.version
      }),
    judge: (tenant, model, name, verdict) =>
      Effect.gen(function* () {
        const one = yield* find(tenant, model, name)
        yield* checkComplete(one.version)
        return yield* save(one, judged(one.version, verdict, yield* DateTime.now))
      }),
    activate: (tenant, model, name) =>
      Effect.gen(function* () {
        const one = yield* find(tenant, model, name)
        yield* checkActivation(one.version)
        switchOff(tenant, model)
        return yield* save(one, ModelVersion.make({ ...one.version, active: true }))
      }),
    deactivate: (tenant, model) =>
      Effect.suspend(() =>
        switchOff(tenant, model) ? Effect.asVoid(PubSub.publish(changed, undefined)) : new ModelVersionNotFound({ model })
      ),
    remove: (tenant, model, name) =>
      Effect.gen(function* () {
        const one = yield* find(tenant, model, name)
        yield* checkRemoval(one.version)
        kept.splice(kept.indexOf(one), 1)
      }),
    part: (tenant, model, name, part) =>
      find(tenant, model, name).pipe(
        Effect.map(({ parts }) => parts.get(part) ?? new Uint8Array()),
        Effect.catchTag("ModelVersionNotFound", () => Effect.succeed(new Uint8Array()))
      ),
    active: Effect.sync(() =>
      kept.flatMap(({ version: { active, descriptor, tenantId } }) =>
        active && descriptor !== null ? [{ tenantId, descriptor }] : []
      )
    ),
    changes: Stream.fromPubSub(changed)
  })
})

export const layerModelStoreMemory: Layer.Layer<ModelStore> = Layer.effect(ModelStore, make)
