import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { temporaryFolder, vigil } from "./Vigil.js"

/** Asks bash what it offers for the last word of each line, as pressing Tab does. */
const offered = (script: string, lines: ReadonlyArray<ReadonlyArray<string>>) =>
  Effect.promise(async () => {
    const tries = lines.map(
      (words) => `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; COMPREPLY=()
        $function vigil "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD-1]}"; echo "\${COMPREPLY[*]}"`
    )
    const program = `source '${script}'; function=$(complete -p vigil | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')\n${tries.join("\n")}`
    const { stdout } = await promisify(execFile)("bash", ["-c", program])
    return stdout.trimEnd().split("\n")
  })

describe("vigil --completions", () => {
  it.scopedLive("tells bash commands, those below them, also ones with dashes, and options", () =>
    Effect.gen(function* () {
      const script = join(yield* temporaryFolder, "completions")
      const { stdout } = yield* vigil(["--completions", "bash"])
      yield* Effect.promise(() => writeFile(script, stdout))
      const [top, below, dashed, option, deep] = yield* offered(script, [
        ["vigil", "log"],
        ["vigil", "camera", "sna"],
        ["vigil", "second-factor", "re"],
        ["vigil", "camera", "list", "--prof"],
        ["vigil", "api-key", "create", "--sc"]
      ])
      expect([top, below, dashed, option, deep]).toEqual(["login logout", "snapshot", "reset", "--profile", "--scope"])
    })
  )

  for (const shell of ["zsh", "fish"]) {
    it.scopedLive(`prints the commands for ${shell}`, () =>
      Effect.gen(function* () {
        const { code, stdout } = yield* vigil(["--completions", shell])
        expect(code).toBe(0)
        for (const word of ["login", "second-factor", "snapshot"]) expect(stdout.toString()).toContain(word)
      })
    )
  }
})
