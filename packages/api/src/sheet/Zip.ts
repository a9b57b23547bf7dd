/**
 * As much of ZIP (PKWARE APPNOTE 6.3) as spreadsheets need: stored and deflated files, neither encrypted nor split nor ZIP64.
 *
 * @module
 */
import { Data, Effect, Stream } from "effect"
import { constants, crc32, deflateRaw, inflateRaw } from "node:zlib"

/** A file that is no table of cameras, or too large a one. */
export class SheetError extends Data.TaggedError("SheetError")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

const signature = { local: 0x04034b50, central: 0x02014b50, end: 0x06054b50 } as const
/** How much longer than its fixed part the record at the end may be: it closes with a comment. */
const longestComment = 0xffff
const endLength = 22
const mostFiles = 1000
const deflated = 8

const damaged = new SheetError({ detail: "the XLSX file is damaged" })

interface Entry {
  readonly method: number
  readonly start: number
  readonly length: number
}

/** Where each file is, by name. Fails by throwing, as reads beyond the end do. */
const directoryOf = (file: Buffer): ReadonlyMap<string, Entry> => {
  let end = file.length - endLength
  const earliest = Math.max(0, end - longestComment)
  while (end >= earliest && file.readUInt32LE(end) !== signature.end) end -= 1
  if (end < earliest) throw damaged
  const count = file.readUInt16LE(end + 10)
  if (count > mostFiles) throw damaged
  const entries = new Map<string, Entry>()
  let at = file.readUInt32LE(end + 16)
  for (let i = 0; i < count; i++) {
    if (file.readUInt32LE(at) !== signature.central) throw damaged
    const isEncrypted = (file.readUInt16LE(at + 8) & 1) !== 0
    if (isEncrypted) throw new SheetError({ detail: "the XLSX file is encrypted: save it without a password" })
    const [name, extra, comment] = [file.readUInt16LE(at + 28), file.readUInt16LE(at + 30), file.readUInt16LE(at + 32)]
    const local = file.readUInt32LE(at + 42)
    if (file.readUInt32LE(local) !== signature.local) throw damaged
    entries.set(file.toString("utf8", at + 46, at + 46 + name), {
      method: file.readUInt16LE(at + 10),
      start: local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28),
      length: file.readUInt32LE(at + 20)
    })
    at += 46 + name + extra + comment
  }
  return entries
}

const inflate = (data: Uint8Array, most: number): Effect.Effect<Uint8Array, SheetError> =>
  Effect.async((resume) => {
    inflateRaw(data, { maxOutputLength: most, finishFlush: constants.Z_FINISH }, (error, result) => {
      if (error === null) return resume(Effect.succeed(result))
      const isTooLarge = "code" in error && error.code === "ERR_BUFFER_TOO_LARGE"
      resume(isTooLarge ? new SheetError({ detail: `the XLSX file unpacks to more than ${most} bytes` }) : damaged)
    })
  })

/** Gives files of the archive by name, each unpacked to so many bytes at most, off the event loop; undefined where there is none of that name. */
export const openZip = (data: Uint8Array, most: number) =>
  Effect.gen(function* () {
    const file = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    const entries = yield* Effect.try({
      try: () => directoryOf(file),
      catch: (error) => (error instanceof SheetError ? error : damaged)
    })
    return (name: string): Effect.Effect<Uint8Array | undefined, SheetError> => {
      const entry = entries.get(name)
      if (entry === undefined) return Effect.succeed(undefined)
      const packed = file.subarray(entry.start, entry.start + entry.length)
      if (packed.length !== entry.length) return damaged
      if (entry.method === deflated) return inflate(packed, most)
      return entry.method === 0 && packed.length <= most ? Effect.succeed(packed) : damaged
    }
  })

const deflate = (data: Uint8Array): Effect.Effect<Buffer> =>
  Effect.async((resume) => {
    deflateRaw(data, (error, result) => resume(error === null ? Effect.succeed(result) : Effect.die(error)))
  })

/** 1980-01-01, the earliest date of the format: the same content makes the same bytes. */
const date = 0x21
const version = 20
/** Names are UTF-8. */
const flags = 0x800

type ZipFile = readonly [name: string, text: string]

/** Writes an archive part by part. What it cannot hold, 65,535 files or 4 GiB, is a defect. */
const makeZipWriter = () => {
  const directory: Array<Buffer> = []
  let at = 0
  let count = 0
  return {
    add: ([name, text]: ZipFile): Effect.Effect<ReadonlyArray<Buffer>> =>
      Effect.gen(function* () {
        const plain = Buffer.from(text)
        const packed = yield* deflate(plain)
        const nameBytes = Buffer.from(name)
        const facts = Buffer.alloc(26)
        facts.writeUInt16LE(version, 0)
        facts.writeUInt16LE(flags, 2)
        facts.writeUInt16LE(deflated, 4)
        facts.writeUInt16LE(date, 8)
        facts.writeUInt32LE(crc32(plain), 10)
        facts.writeUInt32LE(packed.length, 14)
        facts.writeUInt32LE(plain.length, 18)
        facts.writeUInt16LE(nameBytes.length, 22)
        const local = Buffer.alloc(4)
        local.writeUInt32LE(signature.local)
        const central = Buffer.alloc(6)
        central.writeUInt32LE(signature.central)
        central.writeUInt16LE(version, 4)
        const rest = Buffer.alloc(14)
        rest.writeUInt32LE(at, 10)
        directory.push(central, facts, rest, nameBytes)
        at += local.length + facts.length + nameBytes.length + packed.length
        count++
        return [local, facts, nameBytes, packed]
      }),
    end: Effect.sync((): ReadonlyArray<Buffer> => {
      const central = Buffer.concat(directory)
      const end = Buffer.alloc(endLength)
      end.writeUInt32LE(signature.end)
      end.writeUInt16LE(count, 8)
      end.writeUInt16LE(count, 10)
      end.writeUInt32LE(central.length, 12)
      end.writeUInt32LE(at, 16)
      return [central, end]
    })
  }
}

/** An archive that is made while it is read; a file at a time is held. */
export const zipStream = <E>(files: Stream.Stream<ZipFile, E>): Stream.Stream<Uint8Array, E> =>
  Stream.suspend(() => {
    const writer = makeZipWriter()
    const parts = Stream.mapEffect(files, writer.add)
    return Stream.map(Stream.concat(parts, Stream.fromEffect(writer.end)), (buffers) => Buffer.concat(buffers))
  })

/** An archive of files. */
export const makeZip = (files: ReadonlyArray<ZipFile>): Effect.Effect<Uint8Array> =>
  Effect.map(Stream.runCollect(zipStream(Stream.fromIterable(files))), (parts) => Buffer.concat([...parts]))
