import { type ImportReport, readSheet, type RowProblem, type Rows, writeSheet } from "@vigil/core/CameraSheet"
import { allowedWithinReach, authorize, inCallersName } from "@vigil/core/control/Authorization"
import { authorizeSource } from "@vigil/core/control/CameraCommands"
import { placePaths } from "@vigil/core/Place"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { EdgeStore } from "@vigil/core/port/EdgeStore"
import { PlaceStore } from "@vigil/core/port/PlaceStore"
import type { TenantId } from "@vigil/core/Ids"
import { Effect, Either } from "effect"
import { readCsv } from "../sheet/Csv.js"
import { SheetError } from "../sheet/SheetError.js"
import { readXlsx } from "../sheet/Xlsx.js"

const mostProblems = 1000

/** Cameras that one transaction adds: so many take about a third of its time limit on a slow machine. */
const mostAdded = 2000

const isZip = (data: Uint8Array): boolean => data[0] === 0x50 && data[1] === 0x4b

const decoded = (data: Uint8Array) =>
  Effect.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(data),
    catch: () => new SheetError({ detail: "the file is neither XLSX nor CSV in UTF-8" })
  })

const read = (data: Uint8Array): Effect.Effect<Rows, SheetError> =>
  isZip(data) ? readXlsx(data) : Effect.flatMap(decoded(data), readCsv)

const surroundings = (tenant: TenantId) =>
  Effect.gen(function* () {
    const paths = placePaths(yield* (yield* PlaceStore).list(tenant))
    const edges = yield* (yield* EdgeStore).list(tenant)
    return { paths, edges, cameras: yield* (yield* CameraStore).list(tenant) }
  })

/** Adds the cameras of a CSV or XLSX file, or tells what would become of it. */
export const importCameras = (data: Uint8Array, options: { readonly dryRun: boolean; readonly rows: "all" | "good" }) =>
  Effect.gen(function* () {
    const { tenantId } = yield* authorize("supervisor")
    const table = yield* read(data)
    const { cameras, edges, paths } = yield* surroundings(tenantId)
    const sheet = yield* readSheet(table, {
      places: new Map([...paths].map(([id, path]) => [path, id])),
      edges: new Map(edges.map(({ id, name }) => [name, id])),
      addresses: new Map(cameras.map(({ name, url }) => [url, name]))
    })
    const problems: Array<RowProblem> = [...sheet.problems]
    const good = []
    for (const { camera, row } of sheet.good) {
      const allowed = yield* Effect.either(authorizeSource(camera.url))
      if (Either.isRight(allowed)) good.push(camera)
      else problems.push({ row, column: "url", detail: allowed.left.message })
    }
    const isRefused = options.rows === "all" && problems.length > 0
    if (!options.dryRun && !isRefused && good.length > mostAdded) {
      return yield* new SheetError({ detail: `the file has ${good.length} cameras: add at most ${mostAdded} at a time` })
    }
    const added = options.dryRun || isRefused ? [] : yield* allowedWithinReach((yield* CameraStore).createMany(tenantId, good))
    const report: ImportReport = {
      dryRun: options.dryRun,
      rows: sheet.rows,
      good: good.length,
      added: added.length,
      problems: problems.slice(0, mostProblems)
    }
    return report
  }).pipe(inCallersName)

/** All cameras as an import takes them, without credentials. */
export const exportCameras = Effect.gen(function* () {
  const { tenantId } = yield* authorize("supervisor")
  const { cameras, edges, paths } = yield* surroundings(tenantId)
  return writeSheet(cameras, paths, new Map(edges.map(({ id, name }) => [id, name])))
})
