import { availableParallelism } from "node:os"
import { env } from "node:process"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.{ts,tsx}",
      "fixtures/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "docs/example/test/**/*.test.ts",
      "scripts/test/**/*.test.mjs"
    ],
    globalSetup: ["scripts/vitest/RequireBuild.ts", "scripts/vitest/DatabaseServer.ts"],
    setupFiles: ["scripts/vitest/FreshMethods.ts"],
    reporters: ["default", "./scripts/vitest/SummaryReporter.ts"],
    watch: false,
    pool: "forks",
    // Several tests start servers, encoders or browsers of their own: more files at once than cores only makes all of them late.
    // Not isolated: a process that loads the packages anew for each of hundreds of files spends more time on that than on their tests.
    poolOptions: { forks: { isolate: false, minForks: 1, maxForks: Math.max(1, Math.min(4, availableParallelism())) } },
    // For tests that hang: how long one may take is never what it checks, and a busy machine takes ten times what a free one does.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
    // Not to hide what fails: whatever passes only when tried again is named at the end of the run.
    retry: env.CI ? 1 : 0,
    // The built packages run as Node itself loads them, workers and child processes included.
    server: { deps: { external: [/\/(packages\/[^/]+|fixtures|bench|docs\/example)\/dist\//] } }
  }
})
