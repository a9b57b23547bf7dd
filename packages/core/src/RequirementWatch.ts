import type { UnmetRequirement } from "./ModelSuitability.js"
import type { MonotonicTime } from "./Time.js"

/** Milliseconds for which something must be so before it is told: bitrates come and go with what is to be seen. */
const steadyFor = 15_000

interface Sighting {
  readonly unmet: UnmetRequirement
  /** Since when it has been the other way than it was told last. */
  readonly since: MonotonicTime | undefined
  readonly told: boolean
}

/** What is seen of the requirements of a camera's model, or of one of its analytics. Never mutated. */
export type RequirementWatch = ReadonlyMap<UnmetRequirement["requirement"], Sighting>

export const initialWatch: RequirementWatch = new Map()

/** Takes in what is unmet now; requirements are told of, and are not any more, once that has been so for a while. */
export const stepWatch = (
  watch: RequirementWatch,
  unmet: ReadonlyArray<UnmetRequirement>,
  at: MonotonicTime
): RequirementWatch => {
  const next = new Map<UnmetRequirement["requirement"], Sighting>()
  for (const seen of unmet) {
    const before = watch.get(seen.requirement)
    const since = before?.told === false ? before.since : at
    const told = before?.told === true || (since !== undefined && at - since >= steadyFor)
    next.set(seen.requirement, { unmet: seen, since: told ? undefined : since, told })
  }
  for (const [requirement, before] of watch) {
    if (next.has(requirement) || !before.told) continue
    const since = before.since ?? at
    if (at - since < steadyFor) next.set(requirement, { ...before, since })
  }
  return next
}

/** The requirements to warn of. */
export const warningsOf = (watch: RequirementWatch): ReadonlyArray<UnmetRequirement> =>
  [...watch.values()].flatMap(({ told, unmet }) => (told ? [unmet] : []))
