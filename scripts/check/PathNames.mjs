import { run } from "./Command.mjs"

const drawers = new Set(["util", "utils", "helper", "helpers", "common", "shared", "misc", "lib"])

/** Folders and files whose name says nothing about what is in them. */
export const unnamedDrawers = async () => {
  const { stdout } = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"])
  return stdout
    .split("\n")
    .filter((file) => file.split("/").some((part) => drawers.has(part.replace(/\.\w+$/, "").toLowerCase())))
}
