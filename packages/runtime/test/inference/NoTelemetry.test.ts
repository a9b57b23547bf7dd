import { execFile } from "node:child_process"
import { mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, it } from "@effect/vitest"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { describeTiny, temporaryFolder } from "../material/Models.js"

const probe = join(import.meta.dirname, "../material/EngineProbe.mjs")
const size = { width: 320, height: 256 }

// ONNX Runtime's own telemetry leaves a number of the machine in the home folder, and a log and what it is to send in the temporary one.
it("leaves nothing on the machine that would be sent to the maker of the engine", async () => {
  await using folder = await temporaryFolder()
  const bytes = fixedYolox({ size, classes: 2, detections: [] })
  const descriptor = describeTiny(bytes, size)
  const home = join(folder.path, "home")
  const temporary = join(folder.path, "tmp")
  await Promise.all([mkdir(home), mkdir(temporary)])
  const load = JSON.stringify({ descriptor, file: await folder.write("tiny.onnx", bytes) })
  const { stdout } = await promisify(execFile)(process.execPath, [probe, load], {
    env: { HOME: home, TMPDIR: temporary, XDG_CACHE_HOME: join(home, ".cache") }
  })
  expect(stdout).toBe("loaded\n")
  expect(await readdir(home, { recursive: true })).toEqual([])
  expect(await readdir(temporary, { recursive: true })).toEqual([])
})
