import { Config } from "effect"
import { homedir } from "node:os"
import { join } from "node:path"

/** Where this installation keeps its database, models, keys and recordings: `VIGIL_DATA`, else `~/.vigil`. */
export const dataFolder = Config.string("VIGIL_DATA").pipe(Config.withDefault(join(homedir(), ".vigil")))
