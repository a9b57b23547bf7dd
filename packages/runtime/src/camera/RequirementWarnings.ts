import type { AnalyticDescriptor } from "@vigil/core/Analytic"
import type { InstalledModel } from "@vigil/core/port/ModelCatalogue"
import type { ModelRequirements } from "@vigil/core/Model"
import {
  type AnalyticWarning,
  type ModelWarning,
  requirementText,
  type StreamFacts,
  type UnmetRequirement,
  unmetRequirements
} from "@vigil/core/ModelSuitability"
import { initialWatch, type RequirementWatch, stepWatch, warningsOf } from "@vigil/core/RequirementWatch"
import { analyticRequirementsOf, type CameraRun, requirementsOf } from "@vigil/core/settings/CameraSettings"
import type { MonotonicTime } from "@vigil/core/Time"
import { Effect } from "effect"

/** What looks at a camera's pictures: its detector and its analytics. */
export interface Lookers {
  readonly model: InstalledModel | undefined
  readonly analytics: ReadonlyArray<AnalyticDescriptor>
}

/** What a camera's stream does not give its detector and its analytics any more. */
export interface RequirementWarnings {
  /** Takes in how things are, about once a second; what is new is logged. */
  readonly look: (lookers: Lookers, run: CameraRun, facts: () => StreamFacts, at: MonotonicTime) => Effect.Effect<void>
  readonly ofModel: () => ReadonlyArray<ModelWarning>
  readonly ofAnalytics: () => ReadonlyArray<AnalyticWarning>
}

/** One that needs something, and what was seen of that. */
interface Watched<Warning> {
  /** `model yolox-nano` */
  readonly name: string
  readonly requirements: ModelRequirements
  readonly warning: (unmet: UnmetRequirement) => Warning
  watch: RequirementWatch
}

const needsSomething = ({ minBitrate, minDuration, minHeight, overlap }: ModelRequirements): boolean =>
  minBitrate > 0 || minDuration > 0 || minHeight > 0 || overlap > 0

const watchedModel = ({ descriptor }: InstalledModel, run: CameraRun): Watched<ModelWarning> => ({
  name: `model ${descriptor.id}`,
  requirements: requirementsOf(run, descriptor),
  warning: (unmet) => ({ model: descriptor.id, ...unmet }),
  watch: initialWatch
})

const watchedAnalytic = (descriptor: AnalyticDescriptor, run: CameraRun): Watched<AnalyticWarning> => ({
  name: `analytic ${descriptor.id}`,
  requirements: analyticRequirementsOf(run, descriptor),
  warning: (unmet) => ({ analytic: descriptor.id, ...unmet }),
  watch: initialWatch
})

/** Whom to watch from now on; of those that were watched already, what was seen stays. */
const again = <Warning>(next: ReadonlyArray<Watched<Warning>>, before: ReadonlyArray<Watched<Warning>>) =>
  next
    .filter(
      ({ name, requirements }, index) => needsSomething(requirements) && next.findIndex((one) => one.name === name) === index
    )
    .map((one) => ({ ...one, watch: before.find(({ name }) => name === one.name)?.watch ?? initialWatch }))

const step = (watched: Watched<unknown>, segment: CameraRun["camera"]["segment"], known: StreamFacts, at: MonotonicTime) => {
  const unmet = unmetRequirements(watched.requirements, segment, known)
  if (unmet.length === 0 && watched.watch.size === 0) return Effect.void
  const before = warningsOf(watched.watch)
  watched.watch = stepWatch(watched.watch, unmet, at)
  const after = warningsOf(watched.watch)
  const isIn = (list: ReadonlyArray<UnmetRequirement>, { requirement }: UnmetRequirement) =>
    list.some((one) => one.requirement === requirement)
  const fresh = after.filter((one) => !isIn(before, one))
  const over = before.filter((one) => !isIn(after, one))
  return Effect.zipRight(
    Effect.forEach(fresh, (one) => Effect.logWarning(`${watched.name} ${requirementText(one)}`)),
    Effect.forEach(over, ({ requirement }) => Effect.logInfo(`${watched.name} has the ${requirement} again that it needs`))
  )
}

const listed = <Warning>(all: ReadonlyArray<Watched<Warning>>): ReadonlyArray<Warning> =>
  all.flatMap(({ warning, watch }) => warningsOf(watch).map(warning))

export const makeRequirementWarnings = (): RequirementWarnings => {
  let known: { readonly lookers: Lookers; readonly run: CameraRun } | undefined
  let models: ReadonlyArray<Watched<ModelWarning>> = []
  let analytics: ReadonlyArray<Watched<AnalyticWarning>> = []

  const take = (lookers: Lookers, run: CameraRun) => {
    const isSame = known?.run === run && known.lookers.model === lookers.model && known.lookers.analytics === lookers.analytics
    if (isSame) return
    const { model } = lookers
    const isAnother = known?.lookers.model?.descriptor.version !== model?.descriptor.version
    models = again(model === undefined ? [] : [watchedModel(model, run)], isAnother ? [] : models)
    analytics = again(
      lookers.analytics.map((descriptor) => watchedAnalytic(descriptor, run)),
      analytics
    )
    known = { lookers, run }
  }

  return {
    look: (lookers, run, facts, at) =>
      Effect.suspend(() => {
        take(lookers, run)
        const all = [...models, ...analytics]
        if (all.length === 0) return Effect.void
        const seen = facts()
        return Effect.forEach(all, (watched) => step(watched, run.camera.segment, seen, at), { discard: true })
      }),
    ofModel: () => listed(models),
    ofAnalytics: () => listed(analytics)
  }
}
