import { CliConfig, CommandDescriptor, HelpDoc } from "@effect/cli"
import type { Span } from "@effect/cli/HelpDoc/Span"
import { Option, Predicate } from "effect"

/** A command's description: what it does, and calls of it that people may copy. */
export const described = (text: string, ...examples: ReadonlyArray<string>): HelpDoc.HelpDoc => {
  const [first, ...others] = examples.map((example) => HelpDoc.p(example))
  return first === undefined ? HelpDoc.p(text) : HelpDoc.sequence(HelpDoc.p(text), HelpDoc.enumeration([first, ...others]))
}

const spanText = (span: Span): string => {
  switch (span._tag) {
    case "Sequence":
      return spanText(span.left) + spanText(span.right)
    case "Text":
    case "URI":
      return span.value
    default:
      return spanText(span.value)
  }
}

const blocks = (doc: HelpDoc.HelpDoc): ReadonlyArray<HelpDoc.HelpDoc> =>
  doc._tag === "Sequence" ? [...blocks(doc.left), ...blocks(doc.right)] : doc._tag === "Empty" ? [] : [doc]

const paragraphs = (doc: HelpDoc.HelpDoc): ReadonlyArray<string> =>
  blocks(doc).flatMap((block) => (block._tag === "Paragraph" ? [spanText(block.value)] : []))

/** An option or an argument, and what is said of it. */
type Entry = readonly [string, string]

/** What @effect/cli adds to a description: the type first, and in the end that something is optional or may be repeated. */
const isGenerated = (text: string): boolean => /^This (setting|option|argument) /.test(text)

const entriesOf = (block: HelpDoc.HelpDoc): ReadonlyArray<Entry> =>
  block._tag !== "DescriptionList"
    ? []
    : block.definitions.map(([title, doc]) => {
        const [, ...said] = paragraphs(doc)
        return [spanText(title).replaceAll(" | ", "|"), said.filter((text) => !isGenerated(text)).join(" ")]
      })

interface Page {
  readonly description: ReadonlyArray<string>
  readonly examples: ReadonlyArray<string>
  readonly args: ReadonlyArray<Entry>
  readonly options: ReadonlyArray<Entry>
}

type Descriptor = CommandDescriptor.Command<unknown>

const pageOf = (command: Descriptor): Page => {
  const page: { -readonly [Part in keyof Page]: Page[Part] } = { description: [], examples: [], args: [], options: [] }
  let section = ""
  for (const block of blocks(CommandDescriptor.getHelp(command, CliConfig.defaultConfig))) {
    if (block._tag === "Header") section = spanText(block.value)
    else if (section === "ARGUMENTS") page.args = [...page.args, ...entriesOf(block)]
    else if (section === "OPTIONS")
      page.options = [...page.options, ...entriesOf(block).filter(([title]) => !builtIns.test(title))]
    else if (section === "DESCRIPTION" && block._tag === "Enumeration") page.examples = block.elements.flatMap(paragraphs)
    else if (section === "DESCRIPTION" && block._tag === "Paragraph")
      page.description = [...page.description, spanText(block.value)]
  }
  return page
}

const builtIns = /^(--completions|--log-level|\(?-h|\(?--help|--wizard|\(?--version)/

const widest = 100

const wrap = (text: string, indent: number, width: number): string => {
  const lines: Array<string> = []
  let line = ""
  for (const part of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + part.length > width - indent) {
      lines.push(line)
      line = part
    } else line = line === "" ? part : `${line} ${part}`
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`)
}

const section = (title: string, entries: ReadonlyArray<Entry>, width: number): ReadonlyArray<string> => {
  if (entries.length === 0) return []
  const column = Math.min(28, Math.max(...entries.map(([name]) => name.length)) + 4)
  const lines = entries.map(([name, text]) => {
    const wrapped = wrap(text, column, width)
    return name.length + 4 > column ? `  ${name}\n${" ".repeat(column)}${wrapped}` : `  ${name.padEnd(column - 2)}${wrapped}`
  })
  return ["", title, ...lines]
}

const firstSentence = (command: Descriptor): string => pageOf(command).description[0] ?? ""

/** Commands by name. */
export type Commands = ReadonlyMap<string, Descriptor>

/** The top of the tree of commands. Which are below others is asked of those: @effect/cli tells one level only. */
export interface CommandTree {
  readonly descriptor: Descriptor
  readonly commands: Commands
}

export const commandTree = (descriptor: Descriptor, below: ReadonlyArray<{ readonly descriptor: Descriptor }>): CommandTree => ({
  descriptor,
  commands: new Map(
    below.flatMap((command) => [...CommandDescriptor.getNames(command.descriptor)].map((name) => [name, command.descriptor]))
  )
})

/** What is right below a command. @effect/cli tells of a group within a group its head alone, so the group itself is read. */
const childrenOf = (command: unknown): ReadonlyArray<Descriptor> => {
  if (Predicate.isTagged(command, "Map") && Predicate.hasProperty(command, "command")) return childrenOf(command.command)
  if (!Predicate.isTagged(command, "Subcommands") || !Predicate.hasProperty(command, "children")) return []
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the children of a descriptor are descriptors
  return command.children as ReadonlyArray<Descriptor>
}

const below = (descriptor: Descriptor): CommandTree =>
  commandTree(
    descriptor,
    childrenOf(descriptor).map((child) => ({ descriptor: child }))
  )

/** The command that words name, as far as they name one, and those words. */
const follow = (tree: CommandTree, words: ReadonlyArray<string>): readonly [CommandTree, ReadonlyArray<string>] => {
  const [next = "", ...rest] = words
  const found = tree.commands.get(next)
  if (found === undefined) return [tree, []]
  const [command, path] = follow(below(found), rest)
  return [command, [next, ...path]]
}

/** What is wrong with a call of a command that there is not. */
export const unknownCommand = (tree: CommandTree, words: ReadonlyArray<string>): Option.Option<string> => {
  const [{ commands }, path] = follow(tree, words)
  const next = words[path.length]
  if (next === undefined || next.startsWith("-") || commands.size === 0) return Option.none()
  const group = ["vigil", ...path].join(" ")
  return Option.some(`there is no command \`${group} ${next}\`; \`${group} --help\` tells which there are`)
}

/** The help page that a call asks for; none where it is to be carried out. */
export const helpAskedFor = (tree: CommandTree, words: ReadonlyArray<string>, columns: number): Option.Option<string> => {
  const [{ commands, descriptor }, path] = follow(tree, words)
  const page = pageOf(descriptor)
  const asked = words.includes("--help") || words.includes("-h")
  const hasEnded = commands.size > 0 && words.length === path.length
  if (!asked && !hasEnded) return Option.none()
  const width = Math.min(columns, widest)
  const parts = [...page.args.map(([name]) => name), ...(page.options.length > 0 ? ["[options]"] : [])]
  const usage = ["vigil", ...path, ...(commands.size > 0 ? ["COMMAND"] : parts)].join(" ")
  const list = [...commands].map(([name, command]): Entry => [name, firstSentence(command)])
  const lines = [
    `Usage: ${usage}`,
    "",
    ...page.description.map((text) => wrap(text, 0, width)),
    ...(page.examples.length === 0 ? [] : ["", "Examples", ...page.examples.map((example) => `  ${example}`)]),
    ...section("Arguments", page.args, width),
    ...section("Options", page.options, width),
    ...section("Commands", list, width),
    ...(commands.size === 0 ? [] : ["", `\`${["vigil", ...path].join(" ")} COMMAND --help\` tells more of a command.`])
  ]
  return Option.some(lines.join("\n"))
}
