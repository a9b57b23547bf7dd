import type { Camera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import { plainText } from "@vigil/core/PlainText"
import { stateText, troubleText } from "./StatusText.js"

const trust: Readonly<Record<Camera["tls"]["mode"], string>> = {
  system: "the system's authorities",
  ca: "an authority of its own",
  fingerprint: "this one certificate",
  insecure: "any certificate"
}

const names = (things: ReadonlyArray<{ readonly name: string }>): string =>
  things.length === 0 ? "none" : things.map(({ name }) => name).join(", ")

const known = (fact: string, value: string | null): ReadonlyArray<ReadonlyArray<string>> =>
  value === null || value === "" ? [] : [[fact, plainText(value, 500)]]

/** What people noted of the camera. */
const notes = ({ description, edge, groups, location, metadata, tags }: Camera) => [
  ...known("location", location),
  ...known("description", description),
  ...known("tags", tags.join(", ")),
  ...known("groups", groups.join(", ")),
  ...known("metadata", Object.keys(metadata).length === 0 ? null : JSON.stringify(metadata)),
  ...known("edge", edge)
]

/** What the camera does, and what is wrong with that. */
const doing = (status: CameraStatus | undefined) =>
  status === undefined
    ? [["state", "not running"]]
    : [["state", stateText(status.state)], ...known("trouble", troubleText(status, Date.now()))]

/** A camera's configuration for people, and how it does, a line for each fact. `place`: the path of the one that it is in. */
export const cameraText = (camera: Camera, place: string | null, status: CameraStatus | undefined): string => {
  const { analytics, detection, hasCredentials, lines, masks, revision, tls, transport, zones } = camera
  const facts = [
    ["id", camera.id],
    ["url", camera.url],
    ["enabled", camera.enabled ? "yes" : "no"],
    ...(camera.enabled ? doing(status) : []),
    ["credentials", hasCredentials ? "yes" : "no"],
    ["transport", transport],
    ...(/^(rtsps|https):/.test(camera.url) ? [["TLS trusts", trust[tls.mode]]] : []),
    ["detector", `${detection.model ?? "the first installed"}, ${detection.framesPerSecond} frames/s, gate ${detection.gate}`],
    ...(detection.placement === "queue" ? [["runs", "by workers, on segments of a queue"]] : []),
    ["analytics", analytics.map(({ analytic }) => analytic).join(", ") || "none"],
    ["zones", names(zones)],
    ["lines", names(lines)],
    ["masks", names(masks)],
    ["place", place ?? "none"],
    ...notes(camera),
    ["revision", String(revision)]
  ]
  return [camera.name, ...facts.map(([fact = "", value = ""]) => `  ${fact.padEnd(12)}${value}`)].join("\n")
}
