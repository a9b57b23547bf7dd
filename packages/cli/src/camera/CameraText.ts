import type { Camera } from "@vigil/core/Camera"

const trust: Readonly<Record<Camera["tls"]["mode"], string>> = {
  system: "the system's authorities",
  ca: "an authority of its own",
  fingerprint: "this one certificate",
  insecure: "any certificate"
}

const names = (things: ReadonlyArray<{ readonly name: string }>): string =>
  things.length === 0 ? "none" : things.map(({ name }) => name).join(", ")

/** A camera's configuration for people, a line for each fact. */
export const cameraText = (camera: Camera): string => {
  const { analytics, detection, hasCredentials, lines, revision, tls, transport, zones } = camera
  const facts = [
    ["id", camera.id],
    ["url", camera.url],
    ["enabled", camera.enabled ? "yes" : "no"],
    ["credentials", hasCredentials ? "yes" : "no"],
    ["transport", transport],
    ...(/^(rtsps|https):/.test(camera.url) ? [["TLS trusts", trust[tls.mode]]] : []),
    ["detector", `${detection.model ?? "the first installed"}, ${detection.framesPerSecond} frames/s, gate ${detection.gate}`],
    ...(detection.placement === "queue" ? [["runs", "by workers, on segments of a queue"]] : []),
    ["analytics", analytics.map(({ analytic }) => analytic).join(", ") || "none"],
    ["zones", names(zones)],
    ["lines", names(lines)],
    ["revision", String(revision)]
  ]
  return [camera.name, ...facts.map(([fact = "", value = ""]) => `  ${fact.padEnd(12)}${value}`)].join("\n")
}
