import { CommandDescriptor } from "@effect/cli"
import { expect, it } from "@effect/vitest"
import { commandTree, helpAskedFor } from "@vigil/cli/Help"
import { Option, Predicate } from "effect"
import { readdirSync } from "node:fs"
import { join } from "node:path"

const folder = join(import.meta.dirname, "../dist/commands")

type Command = Parameters<typeof commandTree>[1][number]

const isCommand = (value: unknown): value is Command =>
  Predicate.hasProperty(value, "descriptor") && Predicate.hasProperty(value, "handler")

/** Every command that a file of the folder has. */
const commands = async (): Promise<ReadonlyArray<Command>> => {
  const files = readdirSync(folder).filter((file) => file.endsWith(".js"))
  const modules: ReadonlyArray<object> = await Promise.all(files.map((file) => import(join(folder, file))))
  return modules.flatMap((all) => Object.values(all).filter(isCommand))
}

it("every command has its help, with examples of itself, and prints JSON for programs", async () => {
  const all = await commands()
  const [first] = all
  if (first === undefined) throw new Error("there are no commands")
  const tree = commandTree(first.descriptor, all)
  const page = (words: ReadonlyArray<string>) => Option.getOrElse(helpAskedFor(tree, [...words, "--help"], 100), () => "")
  const below = (words: ReadonlyArray<string>): ReadonlyArray<ReadonlyArray<string>> => {
    const [, list = ""] = page(words).split("\nCommands\n")
    const names = [...list.matchAll(/^ {2}([a-z][a-z-]*)(?: {2,}|$)/gm)].map(([, name = ""]) => [...words, name])
    return names.length === 0 ? [words] : names.flatMap(below)
  }
  const names = all.flatMap(({ descriptor }) => [...CommandDescriptor.getNames(descriptor)])
  const leaves = names.flatMap((name) => below([name]))
  expect(leaves.length).toBeGreaterThan(120)
  for (const words of leaves) {
    const text = page(words)
    const name = `vigil ${words.join(" ")}`
    expect(text, name).toMatch(new RegExp(`^Usage: ${name}( |$)`, "m"))
    expect(text, `${name}: examples`).toMatch(
      new RegExp(`\nExamples\n(  .*\n)*  .*${name.replace("vigil model ", "vigil models? ")}( |\n)`)
    )
    expect(text, `${name}: --json`).toContain("--json")
  }
})
