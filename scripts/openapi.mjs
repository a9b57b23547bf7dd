// npm run openapi: writes docs/openapi.json from the contract in packages/core; with --check it only says whether the file is up to date.
import { readFileSync, writeFileSync } from "node:fs"
import { openApiDocument } from "../packages/core/dist/contract/OpenApiDocument.js"
import { root } from "./install/Root.mjs"

const file = `${root}/docs/openapi.json`
const text = `${JSON.stringify(openApiDocument, null, 2)}\n`

const committed = () => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    // swallowed: it was never written, which is as good as out of date.
    return ""
  }
}

if (!process.argv.includes("--check")) writeFileSync(file, text)
else if (committed() !== text) {
  console.log("docs/openapi.json is not what the contract says: run npm run openapi and look at the difference.")
  process.exitCode = 1
}
