import { makeOnnxInferenceEngine } from "@vigil/runtime/inference/OnnxInferenceEngine"

/** Loads a model, told as JSON of what {@link makeOnnxInferenceEngine}'s `load` takes, as Vigil does, and ends. */
const engine = makeOnnxInferenceEngine({ threads: 1 })
await engine.load(JSON.parse(process.argv[2]))
console.log("loaded")
await engine.close()
