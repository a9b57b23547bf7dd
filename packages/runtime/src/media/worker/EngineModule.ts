import type { InferenceEngine } from "../../inference/InferenceEngine.js"
import type { ExecutionProvider } from "../../inference/SessionModel.js"

/** How a media worker runs models. */
export interface EngineSettings {
  /** Runs at a time; absent: one for each core. */
  readonly threads?: number
  readonly provider?: ExecutionProvider
  /** Folder for optimised graphs. */
  readonly cache?: string
  /** URL of a module that exports `makeInferenceEngine` ({@link EngineModule}); absent: ONNX Runtime. */
  readonly module?: string
}

/** What the module that {@link EngineSettings} names must export. */
export interface EngineModule {
  readonly makeInferenceEngine: (settings: EngineSettings) => InferenceEngine
}

export interface EngineEvents {
  /** Something an operator should know. */
  readonly onNote: (note: string) => void
  /** The engine has no working thread left; the process should be replaced. */
  readonly onWornOut: (detail: string) => void
}

/** Loads and starts the engine: only when the first detector is asked for, because it costs 100 MB. */
export const startEngine = async (settings: EngineSettings, events: EngineEvents): Promise<InferenceEngine> => {
  if (settings.module !== undefined) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- who names a module answers for its shape
    const { makeInferenceEngine } = (await import(settings.module)) as EngineModule
    return makeInferenceEngine(settings)
  }
  const { makeOnnxInferenceEngine } = await import("../../inference/OnnxInferenceEngine.js")
  return makeOnnxInferenceEngine({
    ...(settings.threads === undefined ? {} : { threads: settings.threads }),
    ...(settings.provider === undefined ? {} : { provider: settings.provider }),
    ...(settings.cache === undefined ? {} : { cache: settings.cache }),
    onNote: events.onNote,
    onHung: ({ model, ran, threadsLeft }) => {
      if (threadsLeft === 0)
        events.onWornOut(`a run of model ${model} did not come back after ${Math.round(ran)} ms, and no thread is left`)
    }
  })
}
