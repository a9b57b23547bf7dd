import * as ModelRepository from "@vigil/runtime/model/ModelRepository"
import { Effect, Layer } from "effect"
import { join } from "node:path"
import { readyDataFolder } from "./Installation.js"

/** The models of this installation. */
export const layer = Layer.unwrapEffect(
  Effect.map(readyDataFolder, (folder) => ModelRepository.layer({ folder: join(folder, "models") }))
)
