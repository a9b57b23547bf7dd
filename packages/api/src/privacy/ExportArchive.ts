import type { ExportPage } from "@vigil/core/port/DataExports"
import { DateTime, Effect, Stream } from "effect"
import { createHash, type Hash } from "node:crypto"
import { zipStream } from "../zip/ZipStream.js"

export interface ExportSubject {
  readonly type: "tenant" | "user"
  readonly id: string
  readonly madeBy: string
}

/**
 * A ZIP archive of JSON lines, a file for each table, and a manifest at its end that tells of each file; an archive without one broke off. Made while it is read, a
 * page at a time, of any size. The pages of a table follow each other.
 */
export const exportArchive = <E>(pages: Stream.Stream<ExportPage, E>, { id, madeBy, type }: ExportSubject) =>
  Stream.suspend(() => {
    const files = new Map<string, { rows: number; readonly digest: Hash }>()

    const toPart = ({ rows, table }: ExportPage) => {
      const name = `${table}.jsonl`
      const file = files.get(name) ?? { rows: 0, digest: createHash("sha256") }
      files.set(name, file)
      const text = rows.map((row) => `${row}\n`).join("")
      file.rows += rows.length
      file.digest.update(text)
      return [name, text] as const
    }

    const manifest = Effect.map(DateTime.now, (now) => {
      const said = {
        format: "vigil-export",
        version: 2,
        of: { type, id },
        madeAt: DateTime.formatIso(now),
        madeBy,
        files: [...files].map(([name, { digest, rows }]) => ({ name, rows, sha256: digest.digest("hex") }))
      }
      return ["manifest.json", `${JSON.stringify(said, null, 2)}\n`] as const
    })
    return zipStream(Stream.concat(Stream.map(pages, toPart), Stream.fromEffect(manifest)))
  })
