import { Schema } from "effect"
import { readFileSync } from "node:fs"

const Manifest = Schema.parseJson(Schema.Struct({ version: Schema.String }))

/** The version of this installation, as its package.json tells. */
export const version: string = Schema.decodeSync(Manifest)(
  readFileSync(new URL("../package.json", import.meta.url), "utf8")
).version
