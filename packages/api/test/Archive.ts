import { Effect, Schema } from "effect"
import { execFile } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

const program = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    print(json.dumps({name: archive.read(name).decode() for name in archive.namelist()}))
`

const Files = Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.String }))

/** Runs a program of Python over a file. */
const python = (source: string, ...args: ReadonlyArray<string>) =>
  Effect.promise(async () => {
    const { stdout } = await run("/usr/bin/python3", ["-c", source, ...args], { maxBuffer: 2 ** 28 })
    return stdout
  })

/** The texts in a ZIP archive by their names, as Python's zipfile reads and checks them. */
export const unpacked = (bytes: Uint8Array) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "vigil-archive-"))),
      (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
    )
    const file = join(folder, "archive.zip")
    yield* Effect.promise(() => writeFile(file, bytes))
    return new Map(Object.entries(yield* Effect.flatMap(python(program, file), Schema.decode(Files))))
  }).pipe(Effect.scoped)
