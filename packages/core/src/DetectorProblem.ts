import { Schema } from "effect"
import { ModelId } from "./Ids.js"
import type { LicenceRefused } from "./Licence.js"
import type { ModelError } from "./Model.js"
import type { StoreUnavailable } from "./port/StoreError.js"

/**
 * Why nothing looks for objects in a camera's pictures:
 * - `none`: no detector is installed that the licence allows, and the camera names none;
 * - `unnamed`: workers are to look, and nobody says with which model;
 * - `unknown`: there is no such model, or no version of it is active;
 * - `not-installed`: the model is known, its file is not on the node;
 * - `file`: the file cannot be used;
 * - `licence`: the licence does not allow it;
 * - `unanswered`: workers are to look, and none answers;
 * - `unavailable`: nobody can say at the moment.
 */
export const DetectorProblem = Schema.Struct({
  /** Absent where the camera names none. */
  model: Schema.optional(ModelId),
  reason: Schema.Literal("none", "unnamed", "unknown", "not-installed", "file", "licence", "unanswered", "unavailable"),
  /** What is wrong, and what to do. */
  detail: Schema.String
}).annotations({ identifier: "DetectorProblem" })
export type DetectorProblem = typeof DetectorProblem.Type

/** No model is named, and there is none to take. */
export const noneInstalled: DetectorProblem = {
  reason: "none",
  detail: "none is installed here that the licence allows: `vigil models list` tells which there are"
}

/** No model is named for workers. */
export const unnamedForWorkers: DetectorProblem = {
  reason: "unnamed",
  detail: "workers are to look, and no model is named: `vigil camera edit CAMERA --detector MODEL`"
}

export const unansweredByWorkers = (model: ModelId): DetectorProblem => ({
  model,
  reason: "unanswered",
  detail: `no worker answers: \`vigil worker --model ${model}\` starts one, \`vigil jobs dead list\` tells what failed`
})

const notActive = "`vigil models versions` tells whether it is in quarantine or not activated"

/** The problem that a failure to find the camera's model is. */
export const detectorProblem = (
  model: ModelId | undefined,
  error: ModelError | LicenceRefused | StoreUnavailable
): DetectorProblem => {
  const named = model === undefined ? {} : { model }
  if (error._tag === "LicenceRefused") return { ...named, reason: "licence", detail: error.detail }
  if (error._tag === "StoreUnavailable")
    return { ...named, reason: "unavailable", detail: `${error.message}; it is tried again by itself` }
  if (error.reason === "unknown") return { ...named, reason: "unknown", detail: `${error.detail}; ${notActive}` }
  return { ...named, reason: error.reason === "not-installed" ? "not-installed" : "file", detail: error.detail }
}

/** The problem in words: `no detector: model yolox-nano is not installed; run ...`. */
export const detectorProblemText = ({ detail, model }: DetectorProblem): string =>
  `no detector: ${model === undefined ? "" : `model ${model}: `}${detail}`
