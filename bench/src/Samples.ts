import { Config } from "effect"
import { resolve } from "node:path"

/** The folder of real material: `VIGIL_SAMPLES`, else `shared/samples` beside the repository. */
export const samplesFolder = Config.withDefault(
  Config.string("VIGIL_SAMPLES"),
  resolve(import.meta.dirname, "../../../shared/samples")
)
