import {
  type Analytic,
  type AnalyticAssignment,
  type AnalyticContext,
  AnalyticDescriptor,
  type AnalyticInput,
  type MotionOptions
} from "@vigil/core/Analytic"
import { type EventDraft, initial as nothingYet, step as filter } from "@vigil/core/EventPipeline"
import { AnalyticCatalogue, InvalidAnalytic } from "@vigil/core/port/AnalyticCatalogue"
import type { Priority } from "@vigil/core/Priority"
import { Effect, Either, JSONSchema, Layer, ParseResult, Schema } from "effect"
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

interface Entry {
  readonly descriptor: AnalyticDescriptor
  readonly start: (assignment: AnalyticAssignment, context: AnalyticContext) => Either.Either<RunningAnalytic, InvalidAnalytic>
}

/** Hides the types of an analytic's settings and state, which only it knows. */
const entry = <Settings, Encoded, State>(analytic: Analytic<Settings, Encoded, State>): Entry => {
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
        onLeft: (error) =>
          new InvalidAnalytic({ analytic: analytic.id, detail: ParseResult.TreeFormatter.formatErrorSync(error) }),
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
const entries: ReadonlyArray<Entry> = [entry(Motion), entry(Tamper), entry(Intrusion)]

const byId = new Map<string, Entry>(entries.map((known) => [known.descriptor.id, known]))

/** Starts an analytic as a camera's configuration asks for it. */
export const startAnalytic = (
  assignment: AnalyticAssignment,
  context: AnalyticContext
): Either.Either<RunningAnalytic, InvalidAnalytic> => {
  const known = byId.get(assignment.analytic)
  if (known !== undefined) return known.start(assignment, context)
  const detail = `there is no such analytic; there are ${[...byId.keys()].join(", ")}`
  return Either.left(new InvalidAnalytic({ analytic: assignment.analytic, detail }))
}

export const layer = Layer.succeed(AnalyticCatalogue, {
  list: entries.map(({ descriptor }) => descriptor),
  check: (assignment) => Effect.asVoid(startAnalytic(assignment, { zones: [], lines: [] }))
})
