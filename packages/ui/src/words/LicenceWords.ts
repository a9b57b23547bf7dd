import type { LicenceStanding, LicenceStatus } from "@vigil/core/Licence"
import type { Tone } from "./CameraWords.js"
import { count, countOf } from "./Units.js"

const statuses: Readonly<Record<LicenceStatus, readonly [words: string, tone: Tone]>> = {
  valid: ["Valid", "good"],
  expiring: ["Ends soon", "warn"],
  exceeded: ["Exceeded", "bad"],
  early: ["Not valid yet", "warn"],
  expired: ["Expired", "bad"]
}

export const licenceWords = (status: LicenceStatus): readonly [words: string, tone: Tone] => statuses[status]

/** How many cameras are enabled of those that may be. */
export const camerasOfLicence = ({
  enabledCameras,
  licence: { cameras }
}: Pick<LicenceStanding, "enabledCameras" | "licence">) =>
  cameras === null
    ? `${countOf(enabledCameras, "camera")} enabled`
    : `${count(enabledCameras)} of ${countOf(cameras, "camera")} enabled`
