import { describe, expect, it } from "vitest"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

const example = join(import.meta.dirname, "..")
const page = readFileSync(join(example, "../embedding.md"), "utf8")
const files = readdirSync(join(example, "src"))

/** Code of the page, each with the file that the line before it names. */
const blocks = [...page.matchAll(/^(.*)\n\n```ts\n([^]*?)```$/gm)].map(([, line = "", code]) => ({
  file: /^\[docs\/example\/src\/(\w+\.ts)\]\(example\/src\/\1\)$/.exec(line)?.[1] ?? line,
  code
}))

describe("docs/embedding.md", () => {
  it("shows every example, and no other code", () => {
    expect(page.match(/^```ts$/gm)).toHaveLength(blocks.length)
    expect(blocks.map(({ file }) => file).sort()).toEqual([...files].sort())
  })

  it.each(blocks)("shows $file as it is compiled and tested", ({ code, file }) => {
    expect(code).toBe(readFileSync(join(example, "src", file), "utf8"))
  })

  it("names files that there are", () => {
    const named = [...page.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path = ""]) => path)
    expect(named.filter((path) => !existsSync(join(example, "..", path)))).toEqual([])
  })

  it("keeps the two programs within 40 lines", () => {
    for (const file of ["Alone.ts", "Clustered.ts"]) {
      expect(
        readFileSync(join(example, "src", file), "utf8")
          .trimEnd()
          .split("\n").length
      ).toBeLessThanOrEqual(40)
    }
  })
})
