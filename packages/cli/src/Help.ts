import { CliConfig, CommandDescriptor, HelpDoc } from "@effect/cli"
import type { Span } from "@effect/cli/HelpDoc/Span"
import { HashMap, Option } from "effect"

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
  /** Names of commands below this one, in the order in which they are to be shown. */
  readonly commands: ReadonlyArray<string>
}

const pageOf = (command: CommandDescriptor.Command<unknown>): Page => {
  const page = { description: [], examples: [], args: [], options: [], commands: [] } as {
    -readonly [Part in keyof Page]: Page[Part]
  }
  let section = ""
  for (const block of blocks(CommandDescriptor.getHelp(command, CliConfig.defaultConfig))) {
    const items = block._tag === "Enumeration" ? block.elements.flatMap(paragraphs) : []
    if (block._tag === "Header") section = spanText(block.value)
    else if (section === "ARGUMENTS") page.args = entriesOf(block)
    else if (section === "OPTIONS") page.options = entriesOf(block).filter(([title]) => !builtIns.test(title))
    else if (section === "COMMANDS") page.commands = [...new Set(items.map((text) => text.split(" ")[0] ?? ""))]
    else if (block._tag === "Enumeration") page.examples = items
    else if (block._tag === "Paragraph") page.description = [...page.description, spanText(block.value)]
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

const firstSentence = (command: CommandDescriptor.Command<unknown>): string => pageOf(command).description[0] ?? ""

/** The command that words name, as far as they name one. */
const follow = (
  root: CommandDescriptor.Command<unknown>,
  words: ReadonlyArray<string>
): readonly [CommandDescriptor.Command<unknown>, ReadonlyArray<string>] => {
  const [next, ...rest] = words
  const below = next === undefined ? Option.none() : HashMap.get(CommandDescriptor.getSubcommands(root), next)
  if (next === undefined || Option.isNone(below)) return [root, []]
  const [command, path] = follow(below.value, rest)
  return [command, [next, ...path]]
}

/** The help page that a call asks for; none where it is to be carried out. */
export const helpAskedFor = (
  root: CommandDescriptor.Command<unknown>,
  words: ReadonlyArray<string>,
  columns: number
): Option.Option<string> => {
  const [command, path] = follow(root, words)
  const page = pageOf(command)
  const asked = words.includes("--help") || words.includes("-h")
  const hasEnded = page.commands.length > 0 && words.length === path.length
  if (!asked && !hasEnded) return Option.none()
  const width = Math.min(columns, widest)
  const calls =
    page.commands.length > 0
      ? ["COMMAND"]
      : [...page.args.map(([name]) => name), ...(page.options.length > 0 ? ["[options]"] : [])]
  const commands = page.commands.flatMap((name): ReadonlyArray<Entry> => {
    const below = HashMap.get(CommandDescriptor.getSubcommands(command), name)
    return Option.isNone(below) ? [] : [[name, firstSentence(below.value)]]
  })
  const lines = [
    `Usage: ${["vigil", ...path, ...calls].join(" ")}`,
    "",
    ...page.description.map((text) => wrap(text, 0, width)),
    ...(page.examples.length === 0 ? [] : ["", "Examples", ...page.examples.map((example) => `  ${example}`)]),
    ...section("Arguments", page.args, width),
    ...section("Options", page.options, width),
    ...section("Commands", commands, width),
    ...(page.commands.length === 0 ? [] : ["", `\`${["vigil", ...path].join(" ")} COMMAND --help\` tells more of a command.`])
  ]
  return Option.some(lines.join("\n"))
}
