import type { WorkerSummary } from "@vigil/core/CameraStatus"

/** What failed last, and how often in a row. */
export const failureWords = (worker: WorkerSummary | undefined): string => {
  const { errorCount = 0, lastError = null } = worker ?? {}
  // The reason that programs go by stands before the sentence, the request that failed after it.
  const error = (lastError ?? "unknown error").replace(/^[a-z-]+: /, "").replace(/( \([A-Z]+\))?\.?$/, "")
  return errorCount > 1 ? `${error} (${errorCount} times in a row)` : error
}
