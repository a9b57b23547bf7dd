// Brings a checkout from nothing to built: Debian packages, npm packages, the patched FFmpeg binding, the sources.
// Needs Node and git only; costs a fraction of a second when there is nothing to do.
import { canInstall, install } from "./install/Apt.mjs"
import { BeamcoderError, ensureBeamcoder } from "./install/Beamcoder.mjs"
import { ensureBuilt } from "./install/Build.mjs"
import { missing, missingMessage } from "./install/DebianPackages.mjs"
import { ensureNodePackages } from "./install/NodePackages.mjs"
import { BootstrapError } from "./install/Steps.mjs"

const oldestNode = [20, 18]

const checkNode = () => {
  const [major, minor] = process.versions.node.split(".").map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return
  throw new BootstrapError(`Vigil needs Node ${oldestNode.join(".")} or newer; this is ${process.versions.node}.`)
}

const ensureDebianPackages = async () => {
  const lacking = missing(["build", "run"])
  if (lacking.length === 0) return
  if (!canInstall()) throw new BootstrapError(missingMessage(lacking, "Vigil"))
  await install(lacking)
}

/** Without its peer a test is skipped and says so, so nothing here is fatal. */
const ensureTestPackages = async () => {
  const lacking = missing(["test"])
  if (lacking.length === 0) return
  if (!canInstall()) return console.error(`${missingMessage(lacking, "Testing against independent peers")}\n`)
  await install(lacking).catch((error) => console.error(`Tests that need these packages will be skipped. ${error.message}`))
}

/**
 * @param {{ readonly tests: boolean }} options whether the peers that tests run against are wanted too
 */
export const bootstrap = async ({ tests }) => {
  checkNode()
  await ensureDebianPackages()
  if (tests) await ensureTestPackages()
  await ensureNodePackages()
  ensureBeamcoder((line) => console.error(`- ${line}`))
  await ensureBuilt()
}

/** Print an expected failure as one message and end with code 1. */
export const failPlainly = (error) => {
  if (!(error instanceof BootstrapError || error instanceof BeamcoderError)) throw error
  console.error(`\n${error.message}\n`)
  process.exit(1)
}

if (process.argv[1] === import.meta.filename) {
  await bootstrap({ tests: process.argv.includes("--test") }).catch(failPlainly)
}
