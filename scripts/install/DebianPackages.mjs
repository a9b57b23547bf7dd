import { spawnSync } from "node:child_process"
import { accessSync, constants, existsSync } from "node:fs"
import { delimiter, join } from "node:path"

/** @typedef {"build" | "run" | "test"} Need what a package is needed for */

const libav = ["avcodec", "avformat", "avdevice", "avfilter", "avutil", "postproc", "swresample", "swscale"]

/**
 * Debian package -> the need it serves and how its presence shows on any Linux:
 * `command:` on the PATH, `pkgconfig:` module, `file:` that exists (first match of several), `dpkg:` the package itself.
 * @type {ReadonlyArray<readonly [string, Need, string]>}
 */
const catalogue = [
  ["git", "build", "command:git"],
  ["build-essential", "build", "command:g++,make"],
  ["pkg-config", "build", "command:pkg-config"],
  ["python3", "build", "command:python3"],
  ...libav.map((name) => /** @type {const} */ ([`lib${name}-dev`, "build", `pkgconfig:lib${name}`])),
  ["ffmpeg", "run", "command:ffmpeg"],
  ["openssl", "run", "command:openssl"],
  ["nats-server", "test", "command:nats-server"],
  ["postgresql", "test", "file:/usr/lib/postgresql"],
  ["iproute2", "test", "command:ip"],
  ["chromium", "test", "command:chromium"],
  ["gstreamer1.0-tools", "test", "command:gst-launch-1.0"],
  ["gstreamer1.0-rtsp", "test", "dpkg:gstreamer1.0-rtsp"],
  ["gstreamer1.0-plugins-base", "test", "dpkg:gstreamer1.0-plugins-base"],
  ["gstreamer1.0-plugins-good", "test", "dpkg:gstreamer1.0-plugins-good"],
  ["gstreamer1.0-plugins-bad", "test", "dpkg:gstreamer1.0-plugins-bad"],
  ["gstreamer1.0-plugins-ugly", "test", "dpkg:gstreamer1.0-plugins-ugly"],
  ["gstreamer1.0-libav", "test", "dpkg:gstreamer1.0-libav"],
  ["gir1.2-gst-rtsp-server-1.0", "test", "dpkg:gir1.2-gst-rtsp-server-1.0"],
  ["python3-gi", "test", "dpkg:python3-gi"]
]

const onPath = (command) =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false // not in this folder of the PATH
    }
  })

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: "ignore" }).status === 0

/** Which of `packages` dpkg knows as installed; empty where there is no dpkg. */
const installedByDpkg = (packages) => {
  if (packages.length === 0) return new Set()
  const query = spawnSync("dpkg-query", ["-W", "-f", "${binary:Package} ${db:Status-Status}\n", ...packages], {
    encoding: "utf8"
  })
  return new Set(
    (query.stdout ?? "")
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0].split(":")[0])
  )
}

/**
 * The Debian packages of the given needs that this machine lacks, in catalogue order.
 * @param {ReadonlyArray<Need>} needs
 * @returns {ReadonlyArray<string>}
 */
export const missing = (needs) => {
  const wanted = catalogue.filter(([, need]) => needs.includes(need))
  const byDpkg = installedByDpkg(wanted.filter(([, , probe]) => probe.startsWith("dpkg:")).map(([name]) => name))
  const present = ([name, , probe]) => {
    const [kind, value] = probe.split(":")
    if (kind === "command") return value.split(",").every(onPath)
    if (kind === "pkgconfig") return onPath("pkg-config") && succeeds("pkg-config", "--exists", value)
    if (kind === "file") return existsSync(value)
    return byDpkg.has(name)
  }
  return wanted.filter((entry) => !present(entry)).map(([name]) => name)
}

/** @param {ReadonlyArray<string>} packages */
const installCommand = (packages) => `apt-get update && apt-get install -y --no-install-recommends ${packages.join(" ")}`

/**
 * What to tell a person when packages are missing and this process may not install them.
 * @param {ReadonlyArray<string>} packages
 * @param {string} why
 */
export const missingMessage = (packages, why) =>
  [
    `${why} needs ${packages.length} Debian package${packages.length === 1 ? "" : "s"} that this machine lacks:`,
    `  ${packages.join(" ")}`,
    "Install them as root, then run the same command again:",
    `  ${installCommand(packages)}`
  ].join("\n")
