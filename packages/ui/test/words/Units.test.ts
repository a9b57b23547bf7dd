import { expect, it } from "vitest"
import { duration, localTime, utcTime } from "../../src/words/TimeWords.js"
import { bitrate, bytes, countOf, framesPerSecond, loss, milliseconds } from "../../src/words/Units.js"

it("speaks of rates, sizes and losses as people do", () => {
  expect([bitrate(612_345), bitrate(4_200_000), bitrate(123_456_789)]).toEqual(["612 kbit/s", "4.2 Mbit/s", "123 Mbit/s"])
  expect([bytes(10), bytes(3_658_724), bytes(2.5e9)]).toEqual(["1 kB", "3.7 MB", "2.5 GB"])
  expect([framesPerSecond(24.97), framesPerSecond(9.9), framesPerSecond(0.5)]).toEqual(["25 fps", "9.9 fps", "0.5 fps"])
  expect([loss(0, 0), loss(1, 999_999), loss(12, 54_321), loss(5, 95)]).toEqual(["0 %", "< 0.01 %", "0.02 %", "5.0 %"])
  expect([countOf(0, "note"), countOf(1, "note"), countOf(32, "note")]).toEqual(["0 notes", "1 note", "32 notes"])
  expect([milliseconds(undefined), milliseconds(92.4)]).toEqual(["–", "92 ms"])
})

it("speaks of durations in one unit", () => {
  expect([duration(-5), duration(12_400), duration(200_000), duration(5 * 3_600_000), duration(48 * 3_600_000)]).toEqual([
    "0 s",
    "12 s",
    "3 min",
    "5 h",
    "2 days"
  ])
})

it("names the day of a time only where it is another one", () => {
  const now = new Date(2026, 4, 4, 13, 2, 11)
  const earlier = new Date(2026, 4, 3, 13, 2, 11)
  expect(localTime(now, "when-not-today", now)).not.toContain(",")
  expect(localTime(earlier, "when-not-today", now)).toContain(",")
  expect(localTime(now, "always", now)).toContain(",")
  expect(utcTime(new Date(Date.UTC(2026, 4, 4, 13, 2, 11, 250)))).toBe("2026-05-04 13:02:11.250 UTC")
})
