// npm run build: compile the packages and bundle the web page, whatever was built before.
import { failPlainly } from "./bootstrap.mjs"
import { buildAll } from "./install/Build.mjs"

await buildAll().catch(failPlainly)
