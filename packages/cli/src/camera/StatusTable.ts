import type { Camera } from "@vigil/core/Camera"
import type { CameraStatus } from "@vigil/core/CameraStatus"
import type { CameraId } from "@vigil/core/Ids"
import { table } from "../Output.js"
import { latencyText, lossText, stateText, troubleText } from "./StatusText.js"

/** Where a table is printed; both are infinite where it is no terminal. */
export interface Space {
  readonly columns: number
  readonly rows: number
}

interface Column {
  readonly heading: string
  readonly cell: (status: CameraStatus, now: number) => string
}

const flowing =
  (text: (status: CameraStatus) => string): Column["cell"] =>
  (status) =>
    status.state._tag === "Streaming" ? text(status) : "-"

const columns = {
  node: { heading: "NODE", cell: ({ node }) => node },
  state: { heading: "STATE", cell: ({ state }) => stateText(state) },
  rate: { heading: "FPS", cell: flowing(({ source }) => source.framesPerSecond.toFixed(1)) },
  bitrate: { heading: "KBIT/S", cell: flowing(({ source }) => (source.bitrate / 1000).toFixed(0)) },
  loss: { heading: "LOSS", cell: ({ source }) => lossText(source) },
  latency: { heading: "LATENCY", cell: ({ pipeline }) => latencyText(pipeline) },
  viewers: { heading: "VIEWERS", cell: ({ viewers }) => String(viewers) },
  events: { heading: "EVENTS", cell: ({ pipeline }) => String(pipeline.events) },
  reason: { heading: "REASON", cell: troubleText }
} satisfies Record<string, Column>

/** What is left out first where the terminal is narrow. */
const dispensable: ReadonlyArray<Column> = [
  columns.events,
  columns.viewers,
  columns.loss,
  columns.bitrate,
  columns.latency,
  columns.node,
  columns.rate
]

/** A reason is of use from so many characters on; a name is cut to a third of the line before. */
const shortestReason = 24

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, Math.max(0, length - 1))}…` : text)

const cellsOf = (camera: Camera, status: CameraStatus | undefined, chosen: ReadonlyArray<Column>, now: number) =>
  chosen.map(({ cell, heading }) => {
    if (status !== undefined) return cell(status, now)
    if (heading === columns.state.heading) return camera.enabled ? "not running" : "disabled"
    return heading === columns.reason.heading ? "" : "-"
  })

const widthOf = (names: number, chosen: ReadonlyArray<Column>, rows: ReadonlyArray<ReadonlyArray<string>>): number =>
  chosen.reduce((sum, { heading }, index) => {
    const widest = Math.max(heading.length, ...rows.map((row) => row[index]?.length ?? 0))
    return sum + 2 + (heading === columns.reason.heading ? Math.min(widest, shortestReason) : widest)
  }, names)

/** What cameras are doing, as wide and high as fits: on a narrow terminal without what matters least, on a low one without its last cameras. */
export const statusTable = (
  cameras: ReadonlyArray<Camera>,
  statuses: ReadonlyMap<CameraId, CameraStatus>,
  now: number,
  space: Space
): string => {
  const nodes = new Set(cameras.flatMap(({ id }) => statuses.get(id)?.node ?? []))
  const fitting = space.rows > cameras.length ? cameras.length : Math.max(0, space.rows - 2)
  const shown = cameras.slice(0, fitting)
  const names = shown.map(({ name }) => cut(name, Math.max(8, Math.floor(space.columns / 3))))
  const longest = Math.max("CAMERA".length, ...names.map((name) => name.length))
  const rowsOf = (chosen: ReadonlyArray<Column>) => shown.map((camera) => cellsOf(camera, statuses.get(camera.id), chosen, now))
  let chosen: ReadonlyArray<Column> = Object.values(columns).filter((column) => column !== columns.node || nodes.size > 1)
  for (const column of dispensable) {
    if (widthOf(longest, chosen, rowsOf(chosen)) <= space.columns) break
    chosen = chosen.filter((other) => other !== column)
  }
  const rows = rowsOf(chosen).map((cells, index) => [names[index] ?? "", ...cells])
  const hidden = cameras.length - shown.length
  const lines = table(["CAMERA", ...chosen.map(({ heading }) => heading)], rows, space.columns).split("\n")
  const text = lines.map((line) => cut(line, space.columns)).join("\n")
  return hidden === 0 ? text : `${text}\n${cut(`… and ${hidden} more: name those that you want to see`, space.columns)}`
}
