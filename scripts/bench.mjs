// npm run bench -- NAME [--json]
import { bootstrap, failPlainly } from "./bootstrap.mjs"
import { runInForeground } from "./Program.mjs"

await bootstrap({ tests: false }).catch(failPlainly)
process.exitCode = await runInForeground(process.execPath, ["bench/dist/main.js", ...process.argv.slice(2)])
