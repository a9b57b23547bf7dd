import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { createRequire } from "node:module"
import { describe, expect, it } from "vitest"

const { resolve: resolvePackage } = createRequire(import.meta.url)

/** Everything outside of the repository that a built module loads, directly or through others. */
const packagesOf = (entry: string): ReadonlyArray<string> => {
  const seen = new Set<string>()
  const found = new Set<string>()
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (const [, name] of readFileSync(file, "utf8").matchAll(/^(?:import|export)\s(?:[^"';]*\sfrom\s)?"([^"]+)"/gm)) {
      if (name.startsWith(".")) visit(resolve(dirname(file), name))
      else if (name.startsWith("@vigil/")) visit(resolvePackage(name))
      else if (!name.startsWith("node:")) found.add(name)
    }
  }
  visit(resolvePackage(entry))
  return [...found].sort()
}

const light = ["effect/Data", "effect/Either"]

describe("media workers and their inference threads", () => {
  it.each([
    ["@vigil/runtime/media/worker/WorkerMain", []],
    ["@vigil/runtime/inference/OnnxInferenceEngine", light],
    ["@vigil/runtime/inference/InferenceThread", [...light, "onnxruntime-node"]]
  ])("%s loads neither Effect nor Schema, which would cost 40 MB and 300 ms", (entry, expected) => {
    expect(packagesOf(entry).filter((name) => name !== "beamcoder")).toEqual(expected)
  })

  it("the search finds Effect where it is loaded", () => {
    expect(packagesOf("@vigil/core/Model")).toEqual(["effect"])
  })
})
