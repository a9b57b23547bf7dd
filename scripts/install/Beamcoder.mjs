import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { dirname, join } from "node:path"
import { missing, missingMessage } from "./DebianPackages.mjs"
import { headerArguments, nodeGypCommand } from "./NodeGyp.mjs"
import { root } from "./Root.mjs"

// beamcoder is compiled from the package's sources plus patches/beamcoder@VERSION.patch; see patches/README.md.

export class BeamcoderError extends Error {}

const packageFolder = join(root, "node_modules", "beamcoder")
const stateFolder = join(packageFolder, ".vigil")
const pristineFolder = join(stateFolder, "pristine")
const stampFile = join(stateFolder, "stamp.json")
const addon = join(packageFolder, "build", "Release", "beamcoder.node")

/** The major version of libavcodec (FFmpeg 5.x) that beamcoder's sources compile against. */
const libavcodecMajor = "59"

const run = (command, args, options = {}) => {
  const result = spawnSync(command, args, { encoding: "utf8", maxBuffer: 64 << 20, ...options })
  if (result.error) throw new BeamcoderError(`${command} could not be started: ${result.error.message}`)
  return result
}

const libavcodecVersion = () => {
  const { stdout } = run("pkg-config", ["--modversion", "libavcodec"])
  const version = stdout.trim()
  if (version.split(".")[0] !== libavcodecMajor) {
    throw new BeamcoderError(
      `beamcoder needs the development files of FFmpeg 5 (libavcodec ${libavcodecMajor}), as Debian 12 has them; found libavcodec ${version}.`
    )
  }
  return version
}

const patchFile = () => {
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"))
  const file = join(root, "patches", `beamcoder@${version}.patch`)
  if (!existsSync(file)) throw new BeamcoderError(`There is no patch for beamcoder ${version}: ${file} does not exist.`)
  return file
}

/** Everything that must lead to another binary when it changes. */
const stampOf = (patch) =>
  JSON.stringify({
    patch: createHash("sha256").update(readFileSync(patch)).digest("hex"),
    node: `${process.platform}-${process.arch}-${process.versions.modules}`,
    libavcodec: libavcodecVersion()
  })

/** Sources as published, but with LF endings: the patch applies to these, whatever was applied before. */
const restorePristineSources = () => {
  const sources = join(packageFolder, "src")
  if (!existsSync(pristineFolder)) {
    mkdirSync(stateFolder, { recursive: true })
    cpSync(sources, `${pristineFolder}.tmp`, { recursive: true })
    for (const name of readdirSync(`${pristineFolder}.tmp`)) {
      const file = join(`${pristineFolder}.tmp`, name)
      writeFileSync(file, readFileSync(file, "utf8").replaceAll("\r\n", "\n"))
    }
    renameSync(`${pristineFolder}.tmp`, pristineFolder)
  }
  rmSync(sources, { recursive: true, force: true })
  cpSync(pristineFolder, sources, { recursive: true })
}

const applyPatch = (patch) => {
  // Inside a checkout git would take the patch's paths as relative to its root, so it must not find one.
  const { GIT_DIR: _dir, GIT_WORK_TREE: _tree, GIT_INDEX_FILE: _index, ...env } = process.env
  env.GIT_CEILING_DIRECTORIES = dirname(packageFolder)
  const result = run("git", ["apply", "-p1", "--whitespace=nowarn", patch], { cwd: packageFolder, env })
  if (result.status !== 0) throw new BeamcoderError(`${patch} does not apply to ${packageFolder}:\n${result.stderr}`)
}

const build = () => {
  const [command, ...prefix] = nodeGypCommand()
  const args = [...prefix, "rebuild", "--release", ...headerArguments()]
  const env = { ...process.env, JOBS: String(availableParallelism()), CXXFLAGS: `${process.env.CXXFLAGS ?? ""} -w` }
  const result = run(command, args, { cwd: packageFolder, env })
  if (result.status !== 0 || !existsSync(addon)) {
    throw new BeamcoderError(`beamcoder did not compile (${command} ${args.join(" ")}):\n${result.stdout}\n${result.stderr}`)
  }
}

const loads = () => run(process.execPath, ["-e", `require(${JSON.stringify(addon)})`]).status === 0

/**
 * Patch and compile node_modules/beamcoder unless that was done already for this patch, Node and FFmpeg.
 * @param {(line: string) => void} report
 */
export const ensureBeamcoder = (report) => {
  if (!existsSync(packageFolder)) throw new BeamcoderError(`${packageFolder} does not exist; run npm install.`)
  const lacking = missing(["build"])
  if (lacking.length > 0) throw new BeamcoderError(missingMessage(lacking, "Compiling beamcoder (the FFmpeg binding)"))
  const patch = patchFile()
  const stamp = stampOf(patch)
  if (existsSync(addon) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return
  const started = performance.now()
  report("beamcoder: patching and compiling against FFmpeg, about 20 s")
  rmSync(stampFile, { force: true })
  restorePristineSources()
  applyPatch(patch)
  build()
  if (!loads()) throw new BeamcoderError(`${addon} was compiled but does not load.`)
  writeFileSync(stampFile, stamp)
  report(`beamcoder: ready after ${((performance.now() - started) / 1000).toFixed(1)} s`)
}
