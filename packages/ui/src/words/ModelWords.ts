import type { ModelTask } from "@vigil/core/Model"
import type { ModelRefusal, ModelVersion } from "@vigil/core/ModelVersion"
import type { UploadProgress } from "../client/OwnModels.js"
import type { Tone } from "./CameraWords.js"
import { bytes } from "./Units.js"

const tasks: Readonly<Record<ModelTask, string>> = {
  objects: "Finds objects",
  faces: "Finds faces",
  plates: "Finds licence plates",
  text: "Reads text",
  embedding: "Tells objects apart",
  pose: "Finds postures"
}

const refusals: Readonly<Record<ModelRefusal["reason"], string>> = {
  unknown: "nothing is known of it",
  "not-installed": "its file is not here",
  download: "its file could not be fetched",
  checksum: "the file is not the one that was announced",
  "not-onnx": "the file is no ONNX model that can be loaded",
  shape: "its inputs or outputs fit no known family",
  descriptor: "what is said of it does not fit",
  run: "it failed while running",
  storage: "its file could not be kept"
}

const steps: Readonly<Record<UploadProgress["step"], string>> = {
  reading: "Reading the file",
  sending: "Sending the file",
  checking: "The server looks at the file and tries it"
}

export const taskWords = (task: ModelTask): string => tasks[task]
export const refusalWords = (reason: ModelRefusal["reason"]): string => refusals[reason]
export const stepWords = (step: UploadProgress["step"]): string => steps[step]

/** How a version stands, in a word or two. */
export const versionWords = ({ active, bytes: size, received, state }: ModelVersion): readonly [words: string, tone: Tone] => {
  if (state === "quarantined") return ["In quarantine", "bad"]
  if (state === "uploading")
    return received < size ? [`${bytes(received)} of ${bytes(size)} here`, "warn"] : ["Not checked yet", "warn"]
  return active ? ["Active", "good"] : ["Ready", "calm"]
}
