import type { CameraStatus } from "@vigil/core/CameraStatus"

/** What of a status a watcher wants to hear of again: anything but the time it was made at. */
export const statusFingerprint = ({ updatedAt: _, ...status }: CameraStatus): string => JSON.stringify(status)
