import { EventEntry, type EventPage, type EventStatus } from "@vigil/core/Event"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { entries, withEntry } from "../../src/client/EventList.js"

const decode = Schema.decodeUnknownSync(EventEntry)
const cameras = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"] as const

const entry = (number: number, status: EventStatus = "NEW", camera = 0): EventEntry =>
  decode({
    sequence: number,
    epoch: 1,
    event: {
      eventId: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
      customerId: "00000000-0000-4000-8000-000000000001",
      cameraId: cameras[camera],
      eventType: "MOTION",
      confidence: 0.5,
      timestamp: new Date(number * 1_000).toISOString(),
      detectionMetadata: {},
      clipUrl: null,
      priority: "STANDARD",
      status
    }
  })

const pages = (...numbers: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<EventPage> =>
  numbers.map((page, index) => ({
    events: page.map((number) => entry(number)),
    ...(index < numbers.length - 1 ? { nextCursor: `cursor ${index}` } : {})
  }))

const numbersOf = (list: ReadonlyArray<EventPage>) => entries(list).map(({ sequence }) => sequence)

describe("an event that comes in", () => {
  it("stands at its time among the newest", () => {
    expect(numbersOf(withEntry(pages([9, 7]), {}, entry(10)))).toEqual([10, 9, 7])
    expect(numbersOf(withEntry(pages([9, 7]), {}, entry(8)))).toEqual([9, 8, 7])
    expect(numbersOf(withEntry(pages([]), {}, entry(1)))).toEqual([1])
  })

  it("is not put before a page that its own page comes after", () => {
    const loaded = pages([9, 7], [5])
    expect(withEntry(loaded, {}, entry(2))).toBe(loaded)
    expect(numbersOf(withEntry(pages([9, 7]), {}, entry(2)))).toEqual([9, 7, 2])
  })

  it("replaces itself where it stands, also on a later page", () => {
    const list = withEntry(pages([9, 7], [5]), {}, entry(5, "RESOLVED"))
    expect(numbersOf(list)).toEqual([9, 7, 5])
    expect(list[1]?.events[0]?.event.status).toBe("RESOLVED")
  })

  it("is one event, however often its changes come in", () => {
    const changes = [entry(7, "ACKNOWLEDGED"), entry(7, "ACKNOWLEDGED"), entry(7, "RESOLVED")]
    const list = changes.reduce<ReadonlyArray<EventPage>>((all, change) => withEntry(all, {}, change), pages([9, 7], [5]))
    expect(list.flatMap(({ events }) => events.map(({ sequence }) => sequence))).toEqual([9, 7, 5])
    expect(list[0]?.events[1]?.event.status).toBe("RESOLVED")
  })

  it("stays out of a list that it does not fit, and leaves one that it no longer fits", () => {
    const loaded = pages([9, 7])
    expect(withEntry(loaded, { cameraId: entry(1, "NEW", 1).event.cameraId }, entry(10))).toBe(loaded)
    expect(numbersOf(withEntry(loaded, { status: "NEW" }, entry(9, "ACKNOWLEDGED")))).toEqual([7])
    const tagged = EventEntry.make({ ...entry(9), tags: ["visitor"] })
    expect(numbersOf(withEntry(pages([8, 7]), { tag: "visitor" }, tagged))).toEqual([9, 8, 7])
    expect(numbersOf(withEntry(loaded, { tag: "parcel" }, tagged))).toEqual([7])
  })
})

it("an event that stands on two pages is shown once", () => {
  expect(numbersOf(pages([9, 7], [7, 5]))).toEqual([9, 7, 5])
})
