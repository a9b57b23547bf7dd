#!/usr/bin/env node
import { existsSync } from "node:fs"

const main = new URL("../dist/main.js", import.meta.url)

if (existsSync(main)) {
  await import(main.href)
} else {
  console.error("vigil is not built yet. In a checkout run `npm start`, `npm test` or `npm run build` first.")
  process.exitCode = 1
}
