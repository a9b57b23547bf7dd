import type { ModelError } from "@vigil/core/Model"

/**
 * Why a model was refused or could not be used, as `ModelError` tells it elsewhere. A plain error, because Schema and Effect would cost each
 * media worker and each of its inference threads 40 MB and a third of a second of their start.
 */
export class ModelFault extends Error {
  readonly model: string
  readonly reason: ModelError["reason"]
  readonly detail: string

  constructor(model: string, reason: ModelError["reason"], detail: string) {
    super(`model ${model}: ${detail}`)
    this.model = model
    this.reason = reason
    this.detail = detail
  }
}
