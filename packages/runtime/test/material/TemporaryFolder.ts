import { Effect } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** A folder that is deleted with all that is in it when the scope closes. */
export const temporaryFolder = (prefix: string) =>
  Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), prefix))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
