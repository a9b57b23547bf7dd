/** Erasures in words, for people. */
import type { EdgeErasure, Erasure, ErasureCounts } from "@vigil/core/Erasure"
import type { CameraId } from "@vigil/core/Ids"
import { DateTime } from "effect"
import { table } from "../Output.js"

type CameraNames = ReadonlyMap<CameraId, string>

export const counted = ({ byCamera, byType, events, newest, oldest }: ErasureCounts, names: CameraNames): string => {
  if (events === 0 || oldest === null || newest === null) return "There are no such events."
  const cameras = byCamera.map(({ cameraId, events: count }) => [names.get(cameraId) ?? `(removed) ${cameraId}`, String(count)])
  const types = byType.map(({ eventType, events: count }) => [eventType, String(count)])
  return [
    `${events} events, from ${DateTime.formatIso(oldest)} to ${DateTime.formatIso(newest)}`,
    table(["CAMERA", "EVENTS"], cameras),
    table(["TYPE", "EVENTS"], types)
  ].join("\n\n")
}

export const progressText = ({ erased, expected }: Erasure): string =>
  `under way: ${erased.events} of ${Math.max(expected, erased.events)} events`

const pendingOf = (edges: ReadonlyArray<EdgeErasure>) => edges.filter(({ state }) => state === "pending").map(({ name }) => name)

/** In a few words. */
export const stateText = (erasure: Erasure): string => {
  if (erasure.clearedAt === null) return progressText(erasure)
  const pending = pendingOf(erasure.edges)
  return pending.length === 0 ? "done" : `pending: edge ${pending.join(", ")}`
}

const edgeText = ({ erasedAt, events, messages, name, state }: EdgeErasure): string => {
  if (erasedAt === null) return `${name}: ${state}`
  return `${name}: ${events} events and ${messages} messages, at ${DateTime.formatIso(erasedAt)}`
}

export const reportText = (erasure: Erasure, names: CameraNames): string => {
  const { edges, erased, id, reason, remains, requestedAt, requestedBy } = erasure
  return [
    `Report ${id}: asked for by ${requestedBy.username} at ${DateTime.formatIso(requestedAt)}, ${stateText(erasure)}. Reason: ${reason}`,
    `Erased: ${counted(erased, names)}`,
    `Besides, ${erased.messages} messages about them that the bus kept, and ${erased.segments} segments of video that waited for workers.`,
    ...(edges.length === 0 ? [] : [["On the disks of edges:", ...edges.map((edge) => `- ${edgeText(edge)}`)].join("\n")]),
    ["What is not erased:", ...remains.map((line) => `- ${line}`)].join("\n")
  ].join("\n\n")
}
