import { crc32 } from "node:zlib"

/**
 * One message in the log, in big-endian numbers:
 *
 * | bytes | what |
 * |---|---|
 * | 4 | `VBR1` |
 * | 4 | length of the body |
 * | 4 | CRC-32 of the body |
 * | 6, 6 | body: position; milliseconds since 1970 when it was written |
 * | 2, 2 | lengths of the subject and of the id, in bytes |
 * | ... | subject, id, message |
 */
export interface LogRecord {
  readonly position: number
  readonly time: number
  /** `<type>.<tenant>.<camera>`: what followers choose by, without looking into the message. */
  readonly subject: string
  readonly id: string
  readonly message: Buffer
}

const magic = 0x56425231
const headerLength = 12
const fixedLength = 16
/** Bytes of a record's body at the most. */
const longestBody = 2 * 1024 * 1024

export const encodeRecord = ({ id, message, position, subject, time }: LogRecord): Buffer => {
  const [subjectBytes, idBytes] = [Buffer.from(subject), Buffer.from(id)]
  const length = fixedLength + subjectBytes.length + idBytes.length + message.length
  const record = Buffer.allocUnsafe(headerLength + length)
  let at = record.writeUInt32BE(magic, 0)
  at = record.writeUInt32BE(length, at)
  at = record.writeUIntBE(position, at + 4, 6)
  at = record.writeUIntBE(time, at, 6)
  at = record.writeUInt16BE(subjectBytes.length, at)
  at = record.writeUInt16BE(idBytes.length, at)
  at += subjectBytes.copy(record, at)
  at += idBytes.copy(record, at)
  message.copy(record, at)
  record.writeUInt32BE(crc32(record.subarray(headerLength)), 8)
  return record
}

/** Stands for each byte of a message that was erased: its record stays, so that its position and its id are known. */
const blank = 0x20

export const isBlank = ({ message }: LogRecord): boolean => message[0] === blank

/** The record without its message, as long as it was. */
export const blankRecord = (record: LogRecord): Buffer =>
  encodeRecord({ ...record, message: Buffer.alloc(record.message.length, blank) })

/** `next` is the offset behind the record; `incomplete`: the bytes end before the record does, it has `needed` in all. */
export type Parsed =
  | { readonly _tag: "Record"; readonly record: LogRecord; readonly next: number }
  | { readonly _tag: "Incomplete"; readonly needed: number }
  | { readonly _tag: "Damaged" }

const damaged: Parsed = { _tag: "Damaged" }

/** Reads the record at `offset`. Never throws, whatever the bytes are; the message is a view of them. */
export const parseRecord = (bytes: Buffer, offset: number): Parsed => {
  const available = bytes.length - offset
  if (available < headerLength) return { _tag: "Incomplete", needed: headerLength }
  if (bytes.readUInt32BE(offset) !== magic) return damaged
  const length = bytes.readUInt32BE(offset + 4)
  if (length < fixedLength || length > longestBody) return damaged
  if (available < headerLength + length) return { _tag: "Incomplete", needed: headerLength + length }
  const body = bytes.subarray(offset + headerLength, offset + headerLength + length)
  if (crc32(body) !== bytes.readUInt32BE(offset + 8)) return damaged
  const subjectEnd = fixedLength + body.readUInt16BE(12)
  const idEnd = subjectEnd + body.readUInt16BE(14)
  if (idEnd > length) return damaged
  const record = {
    position: body.readUIntBE(0, 6),
    time: body.readUIntBE(6, 6),
    subject: body.toString("utf8", fixedLength, subjectEnd),
    id: body.toString("utf8", subjectEnd, idEnd),
    message: body.subarray(idEnd)
  }
  return { _tag: "Record", record, next: offset + headerLength + length }
}

const magicBytes = Buffer.from("VBR1")

/** Where the next record may begin, behind `offset`; the end where there is none. */
export const nextCandidate = (bytes: Buffer, offset: number): number => {
  const found = bytes.indexOf(magicBytes, offset + 1)
  return found === -1 ? bytes.length : found
}

/**
 * What is in the bytes of a whole segment whose first position is `first`: its records, those behind damaged bytes too, and where the last of them
 * ends. What looks like a record and is out of order (bytes within a damaged message) is none.
 */
export const parseAll = (
  bytes: Buffer,
  first: number
): { readonly records: ReadonlyArray<LogRecord>; readonly end: number; readonly skipped: number } => {
  const records: Array<LogRecord> = []
  let [at, end, skipped, expected] = [0, 0, 0, first]
  while (at < bytes.length) {
    const parsed = parseRecord(bytes, at)
    if (parsed._tag === "Record" && parsed.record.position >= expected) {
      records.push(parsed.record)
      expected = parsed.record.position + 1
      skipped += at - end
      at = parsed.next
      end = at
    } else at = nextCandidate(bytes, at)
  }
  return { records, end, skipped }
}
