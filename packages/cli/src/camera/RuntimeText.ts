import type { CameraRuntime } from "@vigil/core/CameraRuntime"
import type { CameraWithRuntime } from "@vigil/core/CameraWithRuntime"

export const runtimeHeadings = ["CAMERA", "WORKER", "STATUS", "HEALTH", "HEARTBEAT", "ERRORS", "LAST ERROR"] as const

/** How well a camera's worker does; an alert calls for a person. */
export const healthText = (runtime: CameraRuntime | null): string => {
  if (runtime === null) return "-"
  return runtime.alert ? `${runtime.healthStatus}, alert` : runtime.healthStatus
}

const row = (name: string, runtime: CameraRuntime, now: number): ReadonlyArray<string> => [
  name,
  runtime.worker === "external" ? `${runtime.podName} (external)` : runtime.podName,
  runtime.workerStatus,
  healthText(runtime),
  `${Math.max(0, Math.round((now - runtime.lastHeartbeat.epochMillis) / 1000))} s ago`,
  String(runtime.errorCount),
  runtime.lastError ?? ""
]

/** A camera's workers as rows of a table. */
export const runtimeRows = ({ externalRuntime, name, runtime }: CameraWithRuntime, now: number) => {
  if (runtime === null) return [[name, "-", "-", "-", "-", "-", ""]]
  const beside = externalRuntime === null || runtime.worker === "external" ? [] : [externalRuntime]
  return [runtime, ...beside].map((each) => row(name, each, now))
}
