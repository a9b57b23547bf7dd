// npm start: everything from a fresh checkout to the running demo.
import { bootstrap, failPlainly } from "./bootstrap.mjs"
import { runInForeground } from "./Program.mjs"

await bootstrap({ tests: false }).catch(failPlainly)
process.exitCode = await runInForeground(process.execPath, ["packages/cli/bin/vigil.js", "demo", ...process.argv.slice(2)])
