import {
  type Analytic,
  type AnalyticAssignment,
  type AnalyticContext,
  AnalyticDescriptor,
  type AnalyticInput,
  type MotionOptions
} from "@vigil/core/Analytic"
import { type EventDraft, initial as nothingYet, step as filter } from "@vigil/core/EventPipeline"
import { issueSentence } from "@vigil/core/IssueSentence"
import { AnalyticCatalogue, InvalidAnalytic } from "@vigil/core/port/AnalyticCatalogue"
import type { Priority } from "@vigil/core/Priority"
import { Context, Effect, Either, JSONSchema, Layer, Schema } from "effect"
import { Intrusion } from "./Intrusion.js"
import { Motion } from "./Motion.js"
import { Tamper } from "./Tamper.js"

/** An analytic at work on one camera: its state, and the event pipeline behind it. */
export interface RunningAnalytic {
  readonly descriptor: AnalyticDescriptor
  readonly priority: Priority
  readonly motion: MotionOptions | undefined
  readonly step: (input: AnalyticInput) => ReadonlyArray<EventDraft>
}

/** An analytic without the types of its settings and state, which only it knows. */
export interface KnownAnalytic {
  readonly descriptor: AnalyticDescriptor
  readonly start: (assignment: AnalyticAssignment, context: AnalyticContext) => Either.Either<RunningAnalytic, InvalidAnalytic>
}

export const knownAnalytic = <Settings, Encoded, State>(analytic: Analytic<Settings, Encoded, State>): KnownAnalytic => {
  const decode = Schema.decodeUnknownEither(analytic.settings, { errors: "all", onExcessProperty: "error" })
  const descriptor = AnalyticDescriptor.make({
    id: analytic.id,
    title: analytic.title,
    description: analytic.description,
    priority: analytic.priority,
    requirements: analytic.requirements,
    inputs: analytic.inputs,
    settings: JSONSchema.make(analytic.settings, { target: "jsonSchema2020-12" })
  })
  return {
    descriptor,
    start: (assignment, context) =>
      Either.mapBoth(decode(assignment.settings), {
        onLeft: (error) => new InvalidAnalytic({ analytic: analytic.id, detail: issueSentence(error) }),
        onRight: (settings) => run(analytic, descriptor, assignment.priority ?? analytic.priority, settings, context)
      })
  }
}

const run = <Settings, Encoded, State>(
  analytic: Analytic<Settings, Encoded, State>,
  descriptor: AnalyticDescriptor,
  priority: Priority,
  settings: Settings,
  context: AnalyticContext
): RunningAnalytic => {
  const rule = analytic.rule(settings)
  let state = analytic.initial(settings, context)
  let events = nothingYet
  return {
    descriptor,
    priority,
    motion: analytic.motion?.(settings, context),
    step: (input) => {
      const [nextState, findings] = analytic.step(state, input)
      state = nextState
      const now = input._tag === "Luma" ? input.observation.frame.mediaTime : input.mediaTime
      const [nextEvents, drafts] = filter(events, now, findings, rule)
      events = nextEvents
      return drafts
    }
  }
}

/** Every analytic of this program: a new one is one file and one line here. */
const builtIn: ReadonlyArray<KnownAnalytic> = [knownAnalytic(Motion), knownAnalytic(Tamper), knownAnalytic(Intrusion)]

/** The analytics that cameras of this process may have: those of this program, unless an embedder adds its own. */
export class KnownAnalytics extends Context.Reference<KnownAnalytics>()("@vigil/runtime/KnownAnalytics", {
  defaultValue: () => builtIn
}) {
  static readonly layerWith = (own: ReadonlyArray<KnownAnalytic>): Layer.Layer<KnownAnalytics> =>
    Layer.succeed(KnownAnalytics, [...own, ...builtIn])
}

/** Starts an analytic as a camera's configuration asks for it. */
export const startAnalytic = (
  assignment: AnalyticAssignment,
  context: AnalyticContext,
  known: ReadonlyArray<KnownAnalytic> = builtIn
): Either.Either<RunningAnalytic, InvalidAnalytic> => {
  const wanted = known.find(({ descriptor }) => descriptor.id === assignment.analytic)
  if (wanted !== undefined) return wanted.start(assignment, context)
  const detail = `there is no such analytic; there are ${known.map(({ descriptor }) => descriptor.id).join(", ")}`
  return Either.left(new InvalidAnalytic({ analytic: assignment.analytic, detail }))
}

export const layer = Layer.effect(
  AnalyticCatalogue,
  Effect.map(KnownAnalytics, (known) => ({
    list: known.map(({ descriptor }) => descriptor),
    check: (assignment) => Effect.asVoid(startAnalytic(assignment, { zones: [], lines: [] }, known))
  }))
)
