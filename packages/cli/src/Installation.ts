import { Config, Effect } from "effect"
import { access, constants } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { makeFolder } from "./MakeFolder.js"
import { CommandFailed } from "./Output.js"

/** The folder of whoever calls. */
export const homeFolder = Config.nonEmptyString("HOME").pipe(Config.withDefault(homedir()))

/** Where this installation keeps its database, models, keys and recordings: `VIGIL_DATA`, else `~/.vigil`. */
export const dataFolder = Config.string("VIGIL_DATA").pipe(
  Config.orElse(() => Config.map(homeFolder, (home) => join(home, ".vigil")))
)

/** The data folder, which is there and may be written to. */
export const readyDataFolder = Effect.tap(dataFolder, (folder) =>
  Effect.tryPromise({
    try: async () => {
      await makeFolder(folder)
      await access(folder, constants.W_OK)
    },
    catch: (error) =>
      new CommandFailed({
        detail: `the data folder ${folder} cannot be used: ${error instanceof Error ? error.message : String(error)}; choose another with VIGIL_DATA`
      })
  })
)
