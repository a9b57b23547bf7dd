import { expect, it } from "vitest"
import { eventFilter, eventSearch } from "../../src/page/EventSearch.js"

const camera = "00000000-0000-4000-8000-00000000000a"

it("takes the filters of an address and nothing else", () => {
  expect(eventSearch({ camera, type: "MOTION", status: "NEW", other: 1 })).toEqual({ camera, type: "MOTION", status: "NEW" })
  expect(eventSearch({ tag: "lost parcel" })).toEqual({ tag: "lost parcel" })
  expect(eventSearch({ tag: "" })).toEqual({})
  expect(eventSearch({ tag: " x".repeat(40) })).toEqual({})
  expect(eventSearch({ camera: "gate", type: "toString", status: 5 })).toEqual({})
  expect(eventFilter(eventSearch({ camera, status: "RESOLVED", tag: "x" }))).toEqual({
    cameraId: camera,
    status: "RESOLVED",
    tag: "x"
  })
})
