import type { ExportPage } from "@vigil/core/port/DataExports"
import { DateTime, Effect, Stream } from "effect"
import { createHash } from "node:crypto"
import { zipStream } from "../sheet/Zip.js"

export interface ExportSubject {
  readonly type: "tenant" | "user"
  readonly id: string
  readonly madeBy: string
}

interface ExportedFile {
  readonly name: string
  readonly rows: number
  readonly sha256: string
}

/**
 * A ZIP archive of JSON lines, a folder for each table, and a manifest at its end that tells of each file; an archive without one broke off. Made while it is read, a
 * page at a time.
 */
export const exportArchive = <E>(pages: Stream.Stream<ExportPage, E>, { id, madeBy, type }: ExportSubject) => {
  const files: Array<ExportedFile> = []
  const parts = new Map<string, number>()

  const toFile = ({ rows, table }: ExportPage) => {
    const part = (parts.get(table) ?? 0) + 1
    parts.set(table, part)
    const name = `${table}/${String(part).padStart(6, "0")}.jsonl`
    const text = rows.map((row) => `${row}\n`).join("")
    files.push({ name, rows: rows.length, sha256: createHash("sha256").update(text).digest("hex") })
    return [name, text] as const
  }

  const manifest = Effect.map(DateTime.now, (now) => {
    const said = { format: "vigil-export", version: 1, of: { type, id }, madeAt: DateTime.formatIso(now), madeBy, files }
    return ["manifest.json", `${JSON.stringify(said, null, 2)}\n`] as const
  })
  return zipStream(Stream.concat(Stream.map(pages, toFile), Stream.fromEffect(manifest)))
}
