import { it, makeMethods } from "@effect/vitest"

// Files share a process: `layer` of @effect/vitest makes the one `it` run in its own runtime, and the next file's must not.
makeMethods(it)
