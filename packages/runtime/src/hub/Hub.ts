import { type AccessUnit, byteLength } from "@vigil/core/AccessUnit"
import type { SourceDescription } from "@vigil/core/MediaTrack"

/**
 * Gets a camera's access units as plain calls, in order. A reader bounds its own work and counts what it drops; one that can make a
 * finite source wait returns a promise.
 */
export interface HubReader {
  readonly onAccessUnit: (unit: AccessUnit) => void | Promise<void>
  /** The source was opened (again): codec or size may be others from here on. */
  readonly onDescription?: (description: SourceDescription) => void
}

/** How much of the past is kept. */
export interface HubOptions {
  /** Milliseconds of the past that the ring keeps, at least; it starts at a key frame. */
  readonly window: number
  /** Bytes that the ring holds at the most, whatever the window. */
  readonly maxBytes: number
}

/**
 * One camera's access units: one writer, any number of readers, and a ring of the recent past that starts at a key frame. Nothing is
 * copied: readers share the access units.
 */
export interface Hub {
  readonly describe: (description: SourceDescription) => void
  readonly publish: (unit: AccessUnit) => void | Promise<void>
  readonly description: () => SourceDescription | undefined
  /** Adds a reader. With `keyframe` it first gets the past since the newest key frame, so that a viewer has a picture at once. */
  readonly subscribe: (reader: HubReader, from: "now" | "keyframe") => () => void
  /** The past, oldest first, from the key frame at or before `window` milliseconds ago. */
  readonly past: () => ReadonlyArray<AccessUnit>
  /** Keeps more or less of the past from now on. */
  readonly keep: (options: HubOptions) => void
  readonly readers: () => number
  readonly bytes: () => number
}

const defaultHubOptions: HubOptions = { window: 15_000, maxBytes: 64 * 1024 * 1024 }

export const makeHub = (first: HubOptions = defaultHubOptions): Hub => {
  const readers = new Set<HubReader>()
  const ring: Array<AccessUnit> = []
  let ringBytes = 0
  let newestKeyframe = -1
  let description: SourceDescription | undefined
  let options = first

  const dropOldest = (count: number) => {
    for (const unit of ring.splice(0, count)) ringBytes -= byteLength(unit)
    newestKeyframe -= count
  }

  /** Drops whole groups of pictures as long as the next one still covers the window; all of it when it is too large. */
  const trim = (now: number) => {
    // The newest key frame from which on the window is covered.
    const first = ring.findLastIndex(
      (unit, index) => index <= newestKeyframe && unit.kind === "video" && unit.keyframe && now - unit.received >= options.window
    )
    if (first > 0) dropOldest(first)
    if (ringBytes > options.maxBytes && newestKeyframe > 0) dropOldest(newestKeyframe)
    if (ringBytes > options.maxBytes) clear()
  }

  const clear = () => {
    ring.length = 0
    ringBytes = 0
    newestKeyframe = -1
  }

  const remember = (unit: AccessUnit) => {
    const video = unit.kind === "video"
    if (newestKeyframe < 0 && !(video && unit.keyframe)) return
    if (video && unit.keyframe) newestKeyframe = ring.length
    ring.push(unit)
    ringBytes += byteLength(unit)
    if ((video && unit.keyframe) || ringBytes > options.maxBytes) trim(unit.received)
  }

  return {
    describe: (next) => {
      description = next
      clear()
      for (const reader of readers) reader.onDescription?.(next)
    },
    publish: (unit) => {
      remember(unit)
      let waits: Array<Promise<void>> | undefined
      for (const reader of readers) {
        const wait = reader.onAccessUnit(unit)
        if (wait !== undefined) (waits ??= []).push(wait)
      }
      return waits === undefined ? undefined : Promise.all(waits).then(() => undefined)
    },
    description: () => description,
    subscribe: (reader, from) => {
      if (from === "keyframe" && newestKeyframe >= 0) {
        for (let index = newestKeyframe; index < ring.length; index++) {
          const unit = ring[index]
          if (unit !== undefined) void reader.onAccessUnit(unit)
        }
      }
      readers.add(reader)
      return () => {
        readers.delete(reader)
      }
    },
    past: () => ring.slice(),
    keep: (next) => {
      options = next
    },
    readers: () => readers.size,
    bytes: () => ringBytes
  }
}
