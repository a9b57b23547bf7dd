import { Command } from "@effect/cli"
import { Effect } from "effect"

/**
 * Completions for bash. @effect/cli 0.77 follows words with names joined by `__` but looks for names joined by commas, so that nothing
 * below the second word is found, nor any name with a dash: `vigil,event,false__positive)` has to be `vigil__event,false-positive)`.
 */
export const bashCompletions = <Name extends string, R, E, A>(command: Command.Command<Name, R, E, A>, program: string) =>
  Effect.map(Command.getBashCompletions(command, program), (lines) =>
    lines
      .join("\n")
      .replace(
        /^(\s*)([\w-]+(?:,[\w-]+)*),([\w-]+)\)$/gm,
        (_, indent: string, path: string, last: string) => `${indent}${path.replaceAll(",", "__")},${last.replaceAll("__", "-")})`
      )
  )
