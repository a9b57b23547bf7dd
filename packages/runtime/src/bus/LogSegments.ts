import { type FileHandle, open, readdir, readFile, stat, unlink } from "node:fs/promises"
import { join } from "node:path"
import { blankRecord, isBlank, type LogRecord, nextCandidate, parseAll, parseRecord } from "./LogRecord.js"

/** A file of the log: records with rising positions, none below `first`. */
export interface LogSegment {
  readonly first: number
  readonly file: string
  /** Bytes whose records are complete and on disk; what is behind them does not count. */
  bytes: number
  /** When its first and its newest record were written, or it was made; milliseconds since 1970. */
  oldest: number
  newest: number
}

const nameOf = (first: number): string => `${String(first).padStart(16, "0")}.log`
const namePattern = /^(\d{16})\.log$/

/** Makes what was created, renamed or removed in the folder survive a loss of power. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const createSegment = async (
  folder: string,
  first: number,
  now: number
): Promise<{ readonly segment: LogSegment; readonly handle: FileHandle }> => {
  const file = join(folder, nameOf(first))
  const handle = await open(file, "w+", 0o600)
  await syncFolder(folder)
  return { segment: { first, file, bytes: 0, oldest: now, newest: now }, handle }
}

export const removeSegment = (segment: LogSegment): Promise<void> => unlink(segment.file)

export interface OpenedLog {
  readonly segments: Array<LogSegment>
  /** The last of the segments, the one to write on. */
  readonly active: LogSegment
  readonly handle: FileHandle
  /** The newest position that was given. */
  readonly last: number
  /** The newest records' ids and positions, oldest first. */
  readonly ids: ReadonlyArray<readonly [string, number]>
  /** Bytes of the torn end that were cut off. */
  readonly torn: number
}

const readSegment = async (segment: LogSegment) => parseAll(await readFile(segment.file), segment.first)

const pageBytes = 128 * 1024

/** The bytes of the file from `offset` on, `length` or up to the end. */
const readBytes = async (handle: FileHandle, offset: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/** The whole records at the beginning of the bytes. */
const leading = (bytes: Buffer) => {
  const records: Array<LogRecord> = []
  let at = 0
  for (;;) {
    const parsed = parseRecord(bytes, at)
    if (parsed._tag !== "Record") return { records, end: at }
    records.push(parsed.record)
    at = parsed.next
  }
}

/**
 * Some records of the file from the offset of a record on, never beyond `until`, and the offset where to read on: a page of them, or everything
 * where a page has none, be it that a record is longer or that bytes are damaged.
 */
export const readPage = async (file: string, offset: number, until: number) => {
  const handle = await open(file, "r")
  try {
    const bytes = await readBytes(handle, offset, Math.min(pageBytes, until - offset))
    const page = leading(bytes)
    if (page.records.length > 0) return { records: page.records, end: offset + page.end }
    const rest = parseAll(await readBytes(handle, offset, until - offset), 0)
    return { records: rest.records, end: until }
  } finally {
    await handle.close()
  }
}

export const writeAll = async (handle: FileHandle, bytes: Buffer, position: number): Promise<void> => {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, position + written)
    written += bytesWritten
  }
}

/** Bytes of the beginning of a record that may lie at the end of a page. */
const overlap = 3

/**
 * The records of the bytes and where they begin; `end` is where the next page begins, `needed` how long it must be for a record that does not fit. On the last page what does
 * not fit is damaged.
 */
const recordsIn = (bytes: Buffer, isLast: boolean) => {
  const records: Array<readonly [number, LogRecord]> = []
  let at = 0
  while (at < bytes.length) {
    const parsed = parseRecord(bytes, at)
    if (parsed._tag === "Incomplete" && !isLast) return { records, end: at, needed: at === 0 ? parsed.needed : pageBytes }
    if (parsed._tag === "Record") records.push([at, parsed.record])
    const next = parsed._tag === "Record" ? parsed.next : nextCandidate(bytes, at)
    at = parsed._tag === "Damaged" && !isLast ? Math.max(at + 1, Math.min(next, bytes.length - overlap)) : next
  }
  return { records, end: bytes.length, needed: pageBytes }
}

/** Blanks the records of the segment that are to go, where they are; a page at a time, so that others come to their turn. Says how many they were. */
export const blankIn = async (segment: LogSegment, isErased: (record: LogRecord) => boolean): Promise<number> => {
  const until = segment.bytes
  const handle = await open(segment.file, "r+")
  let [blanked, offset, length] = [0, 0, pageBytes]
  try {
    while (offset < until) {
      const bytes = await readBytes(handle, offset, Math.min(length, until - offset))
      const { end, needed, records } = recordsIn(bytes, bytes.length < length || offset + bytes.length >= until)
      const gone = records.filter(([, record]) => !isBlank(record) && isErased(record))
      for (const [at, record] of gone) await writeAll(handle, blankRecord(record), offset + at)
      blanked += gone.length
      if (bytes.length === 0) break
      offset += end
      length = needed
    }
    if (blanked > 0) await handle.datasync()
    return blanked
  } finally {
    await handle.close()
  }
}

/** Ids of the newest records, from the newest segment backwards, until there are `count`. */
const newestIds = async (segments: ReadonlyArray<LogSegment>, newest: ReadonlyArray<LogRecord>, count: number) => {
  const parts: Array<ReadonlyArray<LogRecord>> = [newest]
  let found = newest.length
  for (let index = segments.length - 2; index >= 0 && found < count; index--) {
    const segment = segments[index]
    if (segment === undefined) break
    const { records } = await readSegment(segment)
    parts.unshift(records)
    found += records.length
  }
  const ids = parts.flatMap((records) => records.map(({ id, position }) => [id, position] as const))
  return ids.slice(-count)
}

/**
 * Opens the log in the folder, or begins one. A torn end of the newest segment, as a crash or a loss of power leaves it, is cut off; records
 * behind damaged bytes are kept.
 */
export const openLog = async (folder: string, idCount: number, now: number): Promise<OpenedLog> => {
  const names = (await readdir(folder)).filter((name) => namePattern.test(name)).sort()
  const segments: Array<LogSegment> = []
  for (const name of names) {
    const file = join(folder, name)
    const { mtimeMs, size } = await stat(file)
    segments.push({ first: Number(name.slice(0, 16)), file, bytes: size, oldest: mtimeMs, newest: mtimeMs })
  }
  const newest = segments.at(-1)
  if (newest === undefined) {
    const { handle, segment } = await createSegment(folder, 1, now)
    return { segments: [segment], active: segment, handle, last: 0, ids: [], torn: 0 }
  }
  const { end, records } = await readSegment(newest)
  newest.oldest = records[0]?.time ?? now
  const handle = await open(newest.file, "r+")
  const torn = newest.bytes - end
  if (torn > 0) {
    await handle.truncate(end)
    await handle.datasync()
    newest.bytes = end
  }
  return {
    segments,
    active: newest,
    handle,
    last: records.at(-1)?.position ?? newest.first - 1,
    ids: await newestIds(segments, records, idCount),
    torn
  }
}
