import { Data } from "effect"
import { mkdir } from "node:fs/promises"
import { lockFolder } from "./FolderLock.js"
import { encodeRecord, type LogRecord } from "./LogRecord.js"
import {
  blankIn,
  createSegment,
  type LogSegment,
  type OpenedLog,
  openLog,
  readPage,
  removeSegment,
  writeAll
} from "./LogSegments.js"

/** The log cannot be opened, written or read; nothing that was acknowledged is lost. */
class DiskLogError extends Data.TaggedError("DiskLogError")<{ readonly folder: string; readonly detail: string }> {
  override get message() {
    return `${this.folder}: ${this.detail}`
  }
}

export interface DiskLogOptions {
  readonly folder: string
  /** What the log keeps at the most; the oldest segments go. */
  readonly maxBytes: number
  /** Milliseconds after which a segment goes. */
  readonly maxAge: number
  /** A segment's size. Default 8 MiB. */
  readonly segmentBytes?: number
  /** How many of the newest ids are remembered. Default 32,768. */
  readonly rememberedIds?: number
  /** Called with every record once it is on disk, in order of position. */
  readonly onCommitted?: (record: LogRecord) => void
  readonly onWarning?: (text: string) => void
}

type Entry = Pick<LogRecord, "subject" | "id" | "message">

interface Waiting {
  readonly entry: Entry
  readonly resolve: (position: number) => void
  readonly reject: (error: DiskLogError) => void
}

/**
 * An append-only log in a folder of its own, for one process at a time. An entry is acknowledged when it is on disk (fdatasync); entries that come
 * in meanwhile share the next one. An id is appended once.
 */
export interface DiskLog {
  readonly append: (entry: Entry) => Promise<number>
  /** Whether an entry of this id was appended, or is being appended. */
  readonly knows: (id: string) => boolean
  /** About `pageBytes` of records from the position on; `next` is where to read on, `from` when there is nothing yet. */
  readonly read: (from: number) => Promise<{ readonly records: ReadonlyArray<LogRecord>; readonly next: number }>
  /** Blanks the messages of records, wherever they are; resolves with their number when that is on disk. */
  readonly erase: (isErased: (record: LogRecord) => boolean) => Promise<number>
  readonly last: () => number
  /** Writes what waits, then closes. */
  readonly close: () => Promise<void>
}

/** Entries that wait for the disk, in bytes, before further ones are refused. */
const mostWaiting = 16 * 1024 * 1024
/** Entries that share one sync, so that encoding them never takes long. */
const largestBatch = 512
const tidyInterval = 60_000
/** Places where readers went on last, so that they need not search again. */
const mostPlaces = 64

const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The segment that has the position, or the first one behind it. */
const segmentOf = (segments: ReadonlyArray<LogSegment>, position: number): LogSegment | undefined =>
  segments.findLast(({ first }) => first <= position) ?? segments[0]

/** Opens the log and holds its folder until it is closed. */
export const openDiskLog = async (options: DiskLogOptions): Promise<DiskLog> => {
  const { folder } = options
  const failed = (what: string) => (error: unknown) => new DiskLogError({ folder, detail: `${what}: ${detailOf(error)}` })
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw failed("it cannot be made")(error)
  })
  const unlock = await lockFolder(folder).catch((error: unknown) => {
    throw failed("another process uses it")(error)
  })
  try {
    const opened = await openLog(folder, options.rememberedIds ?? 32_768, Date.now())
    if (opened.torn > 0) options.onWarning?.(`${folder}: an unfinished end of ${opened.torn} bytes was cut off`)
    return makeLog(options, opened, unlock)
  } catch (error) {
    await unlock()
    throw failed("the log cannot be opened")(error)
  }
}

const makeLog = (options: DiskLogOptions, opened: OpenedLog, unlock: () => Promise<void>): DiskLog => {
  const { folder, maxAge, maxBytes, onCommitted, onWarning, rememberedIds = 32_768, segmentBytes = 8 * 1024 * 1024 } = options
  const { segments } = opened
  const ids = new Map(opened.ids)
  /** Ids on their way to the disk. */
  const writing = new Map<string, Promise<number>>()
  const places = new Map<number, { readonly segment: LogSegment; readonly offset: number }>()
  let { active, handle, last } = opened
  const waiting: Array<Waiting> = []
  let waitingBytes = 0
  let committing: Promise<void> | undefined
  /** A write failed: what is behind `active.bytes` is not to be trusted. */
  let torn = false
  let closed = false

  const failed = (what: string, error: unknown) => new DiskLogError({ folder, detail: `${what}: ${detailOf(error)}` })

  const remember = (id: string, position: number) => {
    ids.set(id, position)
    if (ids.size <= rememberedIds) return
    for (const oldest of ids.keys()) {
      ids.delete(oldest)
      break
    }
  }

  const roll = async (now: number) => {
    const next = await createSegment(folder, last + 1, now)
    const before = handle
    segments.push(next.segment)
    active = next.segment
    handle = next.handle
    await before.close()
  }

  /** Segments that are too many or too old go, never the one that is written. */
  const tidy = async (now: number) => {
    let bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
    for (let oldest = segments[0]; oldest !== undefined && oldest !== active; oldest = segments[0]) {
      if (bytes <= maxBytes && now - oldest.newest <= maxAge) return
      bytes -= oldest.bytes
      segments.shift()
      await removeSegment(oldest)
    }
  }

  const prepare = async (now: number) => {
    if (torn) {
      await handle.truncate(active.bytes)
      await handle.datasync()
      torn = false
    }
    const isFull = active.bytes >= segmentBytes
    const isOld = active.bytes > 0 && now - active.oldest > maxAge / 4
    if (!isFull && !isOld) return
    await roll(now)
    await tidy(now)
  }

  const commit = async (batch: ReadonlyArray<Waiting>) => {
    const now = Date.now()
    await prepare(now)
    const records = batch.map(({ entry }, index): LogRecord => ({ ...entry, position: last + 1 + index, time: now }))
    const bytes = Buffer.concat(records.map(encodeRecord))
    torn = true
    await writeAll(handle, bytes, active.bytes)
    await handle.datasync()
    torn = false
    if (active.bytes === 0) active.oldest = now
    active.bytes += bytes.length
    active.newest = now
    last += records.length
    return records
  }

  const settle = async (batch: ReadonlyArray<Waiting>) => {
    for (const { entry } of batch) waitingBytes -= entry.message.length
    try {
      const records = await commit(batch)
      records.forEach((record, index) => {
        remember(record.id, record.position)
        writing.delete(record.id)
        batch[index]?.resolve(record.position)
      })
      for (const record of records) onCommitted?.(record)
    } catch (error) {
      for (const { entry, reject } of batch) {
        writing.delete(entry.id)
        reject(failed("writing failed", error))
      }
    }
  }

  const work = async () => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, largestBatch)
      await settle(batch)
    }
    committing = undefined
  }

  const append = (entry: Entry): Promise<number> => {
    if (closed) return Promise.reject(failed("writing failed", new Error("it is closed")))
    const known = ids.get(entry.id)
    if (known !== undefined) return Promise.resolve(known)
    const same = writing.get(entry.id)
    if (same !== undefined) return same
    if (waitingBytes > mostWaiting) return Promise.reject(failed("writing failed", new Error("the disk is too slow")))
    const promise = new Promise<number>((resolve, reject) => waiting.push({ entry, resolve, reject }))
    waitingBytes += entry.message.length
    writing.set(entry.id, promise)
    committing ??= work()
    return promise
  }

  const placeOf = (from: number) => {
    const known = places.get(from)
    if (known !== undefined && known.offset < known.segment.bytes && segments.includes(known.segment)) return known
    const segment = segmentOf(segments, from)
    return segment === undefined ? undefined : { segment, offset: 0 }
  }

  const keepPlace = (from: number, segment: LogSegment, offset: number) => {
    places.set(from, { segment, offset })
    if (places.size <= mostPlaces) return
    for (const oldest of places.keys()) {
      places.delete(oldest)
      break
    }
  }

  const read: DiskLog["read"] = async (from) => {
    if (from > last) return { records: [], next: from }
    const place = placeOf(from)
    if (place === undefined) return { records: [], next: from }
    const { segment } = place
    const until = segment.bytes
    try {
      const page = await readPage(segment.file, place.offset, until)
      const records = page.records.filter(({ position }) => position >= from)
      const reached = page.records.at(-1)?.position ?? from - 1
      if (page.end < until) {
        const next = Math.max(from, reached + 1)
        keepPlace(next, segment, page.end)
        // A page of records before the position: go on in the same segment.
        return records.length === 0 ? await read(next) : { records, next }
      }
      const following = segments[segments.indexOf(segment) + 1]
      const next = Math.max(from, reached + 1, segment === active ? 0 : (following?.first ?? 0))
      if (segment === active) keepPlace(next, segment, page.end)
      return records.length === 0 && next <= last ? await read(next) : { records, next }
    } catch (error) {
      // It was old enough to go in the meantime.
      if (!segments.includes(segment)) return read(from)
      throw failed("reading failed", error)
    }
  }

  const erase: DiskLog["erase"] = async (isErased) => {
    let blanked = 0
    for (const segment of [...segments]) {
      try {
        blanked += await blankIn(segment, isErased)
      } catch (error) {
        // It was old enough to go in the meantime, and is erased with all that it had.
        if (segments.includes(segment)) throw failed("erasing failed", error)
      }
    }
    return blanked
  }

  const timer = setInterval(() => {
    if (committing !== undefined || closed) return
    committing = tidy(Date.now())
      .catch((error: unknown) => onWarning?.(failed("old messages cannot be removed", error).message))
      .then(work)
  }, tidyInterval)
  timer.unref()

  return {
    append,
    knows: (id) => ids.has(id) || writing.has(id),
    read,
    erase,
    last: () => last,
    close: async () => {
      if (closed) return
      closed = true
      clearInterval(timer)
      await committing
      await handle.close()
      await unlock()
    }
  }
}
