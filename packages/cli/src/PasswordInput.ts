import { Effect, Option, Redacted } from "effect"
import { createInterface } from "node:readline"
import { Writable } from "node:stream"
import { readText, UsageError } from "./Output.js"

const typed = (question: string): Effect.Effect<Redacted.Redacted, UsageError> =>
  Effect.async((resume) => {
    process.stderr.write(`${question}: `)
    const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
    const reader = createInterface({ input: process.stdin, output: silent, terminal: true })
    const end = (answer: Effect.Effect<Redacted.Redacted, UsageError>) => {
      reader.removeAllListeners()
      reader.close()
      process.stderr.write("\n")
      resume(answer)
    }
    reader.once("line", (line) => end(Effect.succeed(Redacted.make(line))))
    reader.once("SIGINT", () => end(Effect.interrupt))
    reader.once("close", () => end(Effect.fail(new UsageError({ detail: "no password was typed" }))))
    return Effect.sync(() => reader.close())
  })

/** A line that may be seen while it is typed. */
export const readLine = (question: string): Effect.Effect<string, UsageError> =>
  process.stdin.isTTY
    ? Effect.async((resume) => {
        const reader = createInterface({ input: process.stdin, output: process.stderr })
        const end = (answer: Effect.Effect<string, UsageError>) => {
          reader.removeAllListeners()
          reader.close()
          resume(answer)
        }
        reader.once("SIGINT", () => end(Effect.interrupt))
        reader.once("close", () => end(Effect.fail(new UsageError({ detail: "nothing was typed" }))))
        reader.question(`${question}: `, (line) => end(Effect.succeed(line.trim())))
        return Effect.sync(() => reader.close())
      })
    : new UsageError({ detail: "there is no terminal to type the user name on: take --username" })

/** More than any address has. */
const mostPiped = 10_000

const piped: Effect.Effect<string, UsageError> = Effect.tryPromise({
  try: async () => {
    let text = ""
    process.stdin.setEncoding("utf8")
    for await (const part of process.stdin) {
      text += String(part)
      if (text.includes("\n") || text.length > mostPiped) break
    }
    return text.split("\n")[0]?.trim() ?? ""
  },
  catch: (error) => new UsageError({ detail: `standard input cannot be read: ${String(error)}` })
})

/** The first line of standard input, without an echo where it is a terminal. */
export const readSecretLine = (question: string): Effect.Effect<string, UsageError> =>
  Effect.filterOrFail(
    process.stdin.isTTY ? Effect.map(typed(question), Redacted.value) : piped,
    (line) => line !== "",
    () => new UsageError({ detail: `standard input is empty: write the ${question.toLowerCase()} to it` })
  )

/** A password from a file, else typed without an echo; never from the arguments, which every process of the machine may read. */
export const readPassword = (file: Option.Option<string>, question: string): Effect.Effect<Redacted.Redacted, UsageError> => {
  if (Option.isSome(file)) return Effect.map(readText(file.value), (text) => Redacted.make(text.replace(/\r?\n$/, "")))
  if (!process.stdin.isTTY)
    return new UsageError({ detail: "there is no terminal to type the password on: take --password-file" })
  return typed(question)
}
