import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CatalogueEntry } from "@vigil/core/Model"
import { requirementText, streamFacts, unmetRequirements } from "@vigil/core/ModelSuitability"
import type { CameraDraft } from "./CameraDraft.js"

type Cut = Pick<CameraDraft, "segmentDuration" | "segmentOverlap">

const numberOf = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text))

/** Why the camera that is drafted cannot be given a model, as far as the page knows; the server has the last word. */
export const modelProblem = (
  { descriptor }: CatalogueEntry,
  draft: Cut,
  status: Pick<CameraStatus, "description" | "source" | "state"> | undefined
): string | undefined => {
  const segment = { duration: numberOf(draft.segmentDuration), overlap: numberOf(draft.segmentOverlap) }
  const bitrate = status?.state._tag === "Streaming" ? status.source.bitrate : 0
  const unmet = unmetRequirements(descriptor.requirements, segment, streamFacts(status?.description, bitrate))
  return unmet.length === 0 ? undefined : unmet.map(requirementText).join("; ")
}
