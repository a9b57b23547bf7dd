/**
 * Which models and analytics a camera can be given, and why not.
 *
 * @module
 */
import { Effect, Option } from "effect"
import type { AnalyticDescriptor } from "../Analytic.js"
import type { Camera } from "../Camera.js"
import type { CameraId, ModelId, TenantId } from "../Ids.js"
import { type AnalyticWarning, requirementText, type StreamFacts, streamFacts, unmetRequirements } from "../ModelSuitability.js"
import { AnalyticCatalogue, InvalidAnalytic } from "../port/AnalyticCatalogue.js"
import { CameraControl } from "../port/CameraControl.js"
import { CameraRuns } from "../settings/CameraRuns.js"
import { analyticRequirementsOf, type CameraRun, requirementsOf } from "../settings/CameraSettings.js"
import { ModelLibrary, ModelUnsuitable, type OfferedModel } from "../port/ModelLibrary.js"

/** What of a camera decides which models it can be given, what it inherits with it. */
const aspectsOf = ({ camera: { detection, segment } }: CameraRun): string =>
  JSON.stringify([detection.model, detection.placement, segment.duration, segment.overlap])

/** What is known of a camera's stream now; nothing of one that does not run. */
const factsOf = (id: CameraId | undefined): Effect.Effect<StreamFacts, never, CameraControl> =>
  id === undefined
    ? Effect.succeed({})
    : Effect.flatMap(CameraControl, ({ status }) =>
        status(id).pipe(
          Effect.map(({ description, source, state }) =>
            streamFacts(description, state._tag === "Streaming" ? source.bitrate : 0)
          ),
          // swallowed: what a camera that does not run would send is not known, and nothing is refused for it
          Effect.orElseSucceed(() => ({}))
        )
      )

/** Why a camera cannot be given a model; nothing where it can. */
const misfit = (
  { descriptor }: OfferedModel,
  run: CameraRun,
  facts: StreamFacts,
  cameraId?: CameraId
): ModelUnsuitable | undefined => {
  const unmet = unmetRequirements(requirementsOf(run, descriptor), run.camera.segment, facts)
  return unmet.length === 0
    ? undefined
    : new ModelUnsuitable({ model: descriptor.id, cameraId, reason: "requirements", detail: "", unmet })
}

/** The tenant's model of this id, where anybody has it. */
export const findModel = (tenant: TenantId, model: ModelId, cameraId?: CameraId) =>
  Effect.flatMap(ModelLibrary, (library) =>
    Effect.flatMap(
      library.find(tenant, model),
      Option.match({
        onSome: Effect.succeed,
        onNone: () => {
          const detail = "there is no such model: `vigil models list` tells which there are"
          return new ModelUnsuitable({ model, cameraId, reason: "unknown", detail, unmet: [] })
        }
      })
    )
  )

/**
 * Fails where a camera cannot be given the model that it is to name: nobody has it, the licence does not allow it, or the camera does not give what it needs. A
 * camera that is changed otherwise is not looked at: it may have got worse since it was given its model. Models that workers alone have are
 * their own business.
 */
export const checkModel = (tenant: TenantId, wanted: Camera, before?: Camera) =>
  Effect.gen(function* () {
    const { run } = yield* CameraRuns
    const after = yield* run(wanted)
    const { model, placement } = after.camera.detection
    if (model === undefined || (before !== undefined && aspectsOf(yield* run(before)) === aspectsOf(after))) return
    const { find, permit } = yield* ModelLibrary
    if (placement === "queue" && Option.isNone(yield* find(tenant, model))) return
    const found = yield* findModel(tenant, model, before?.id)
    yield* permit(tenant, model)
    const wrong = misfit(found, after, yield* factsOf(before?.id), before?.id)
    if (wrong !== undefined) return yield* wrong
  })

/** What a camera does not give to analytics that are to look at it. */
const unmetByAnalytics = (
  known: ReadonlyArray<AnalyticDescriptor>,
  run: CameraRun,
  facts: StreamFacts
): ReadonlyArray<AnalyticWarning> =>
  known
    .filter(({ id }) => run.camera.analytics.some(({ analytic }) => analytic === id))
    .flatMap((descriptor) =>
      unmetRequirements(analyticRequirementsOf(run, descriptor), run.camera.segment, facts).map((unmet) => ({
        analytic: descriptor.id,
        ...unmet
      }))
    )

/** Fails where a camera cannot be given an analytic, or would not give any more what it needs. What is not given already is not held against a change. */
export const checkAnalyticNeeds = (wanted: Camera, before?: Camera) =>
  Effect.gen(function* () {
    const { list } = yield* AnalyticCatalogue
    const { run } = yield* CameraRuns
    const after = yield* run(wanted)
    const facts = yield* factsOf(before?.id)
    const already = before === undefined ? [] : unmetByAnalytics(list, yield* run(before), facts)
    const isNew = ({ analytic, requirement }: AnalyticWarning) =>
      !already.some((one) => one.analytic === analytic && one.requirement === requirement)
    const unmet = unmetByAnalytics(list, after, facts).filter(isNew)
    const [first] = unmet
    if (first === undefined) return
    const { analytic } = first
    const lacks = unmet.filter((one) => one.analytic === analytic).map(requirementText)
    const detail = `${lacks.join("; ")} (settings analytic.${analytic}.* say what it needs)`
    return yield* new InvalidAnalytic({ analytic, detail })
  })

/** Every model that a camera's tenant has, with what keeps this camera from it. */
export const modelsForCamera = (camera: Camera) =>
  Effect.gen(function* () {
    const library = yield* ModelLibrary
    const facts = yield* factsOf(camera.id)
    const run = yield* Effect.flatMap(CameraRuns, (runs) => runs.run(camera))
    return yield* Effect.forEach(yield* library.list(camera.tenantId), (offered) =>
      library.permit(camera.tenantId, offered.descriptor.id).pipe(
        Effect.as(misfit(offered, run, facts, camera.id)),
        Effect.catchTag("LicenceRefused", Effect.succeed),
        Effect.map((problem) => ({
          entry: offered,
          assigned: run.camera.detection.model === offered.descriptor.id,
          problem: problem === undefined ? null : problem.message,
          unmet: problem?._tag === "ModelUnsuitable" ? problem.unmet : []
        }))
      )
    )
  })
