import { existsSync } from "node:fs"
import { resolve } from "node:path"

const folder = process.env["VIGIL_SAMPLES"] ?? resolve(import.meta.dirname, "../../../../../shared/samples")

/** A file or folder of the samples, or undefined where this machine does not have them. */
export const sample = (path: string): string | undefined => {
  const file = resolve(folder, path)
  return existsSync(file) ? file : undefined
}

export const noSamples = `no samples in ${folder} (VIGIL_SAMPLES)`
