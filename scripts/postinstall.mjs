import { BeamcoderError, ensureBeamcoder } from "./install/Beamcoder.mjs"

try {
  ensureBeamcoder((line) => console.error(line))
} catch (error) {
  if (!(error instanceof BeamcoderError)) throw error
  console.error(`\n${error.message}\n`)
  process.exitCode = 1
}
