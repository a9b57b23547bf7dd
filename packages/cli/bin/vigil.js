#!/usr/bin/env node
import "./HideSecrets.js"
import { statSync } from "node:fs"

const writtenAt = (path) => statSync(new URL(path, import.meta.url), { throwIfNoEntry: false })?.mtimeMs ?? 0

const compiled = ["packages/cli", "packages/core", "packages/runtime", "packages/api", "fixtures"].map((folder) =>
  writtenAt(`../../../${folder}/tsconfig.tsbuildinfo`)
)

// One file starts in less than half the time of some hundred. Who has compiled since it was bundled is given what was compiled.
if (writtenAt("../bundle/main.js") > Math.max(...compiled)) {
  await import("../bundle/main.js")
} else if (writtenAt("../dist/main.js") > 0) {
  await import("../dist/main.js")
} else {
  console.error("vigil is not built yet. In a checkout run `npm start`, `npm test` or `npm run build` first.")
  process.exitCode = 1
}
