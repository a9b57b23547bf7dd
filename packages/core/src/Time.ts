import { Brand, Schema } from "effect"

/**
 * Microseconds on a source's own time line, starting near 0 at its first access unit. Never goes back within one connection:
 * RTP's 32-bit and MPEG-TS' 33-bit counters are unrolled before they become a `MediaTime`.
 */
export const MediaTime = Schema.Number.pipe(Schema.brand("MediaTime"))
export type MediaTime = typeof MediaTime.Type

/** UTC as milliseconds since 1970-01-01, with fractions. Says when something was seen by the camera; may step. */
export const WallTime = Schema.Number.pipe(Schema.brand("WallTime"))
export type WallTime = typeof WallTime.Type

/**
 * Milliseconds of the machine's monotonic clock (CLOCK_MONOTONIC), with fractions. Comparable between processes of one machine,
 * meaningless between machines. For durations and deadlines.
 */
export const MonotonicTime = Schema.Number.pipe(Schema.brand("MonotonicTime"))
export type MonotonicTime = typeof MonotonicTime.Type

/** Where a wall time comes from: the camera's RTCP sender reports (NTP), a container's own time, or our clock at receipt. */
export const WallClockOrigin = Schema.Literal("sender-report", "container", "receive")
export type WallClockOrigin = typeof WallClockOrigin.Type

/** Constructors that cost nothing: these numbers are made for every packet. */
export const mediaTime = Brand.nominal<MediaTime>()
export const wallTime = Brand.nominal<WallTime>()
export const monotonicTime = Brand.nominal<MonotonicTime>()

/** `MediaTime` in seconds, as people read it. */
export const toSeconds = (time: MediaTime): number => time / 1_000_000
