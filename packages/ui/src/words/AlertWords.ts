import type { WorkerSummary } from "@vigil/core/CameraStatus"

/** What failed last, and how often in a row. */
export const failureWords = (worker: WorkerSummary | undefined): string => {
  const { errorCount = 0, lastError = null } = worker ?? {}
  const error = (lastError ?? "unknown error").replace(/\.$/, "")
  return errorCount > 1 ? `${error} (${errorCount} times in a row)` : error
}
