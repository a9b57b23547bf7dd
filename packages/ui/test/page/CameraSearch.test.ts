import { Camera } from "@vigil/core/Camera"
import { Place } from "@vigil/core/Place"
import { Schema } from "effect"
import { expect, it } from "vitest"
import { type CameraSearch, cameraSearch, foundCameras } from "../../src/page/CameraSearch.js"

const tenantId = "00000000-0000-4000-8000-000000000001"
const at = "2026-01-01T00:00:00Z"
const placeId = (number: number) => `00000000-0000-4000-8000-0000000000b${number}`

const places = Schema.decodeUnknownSync(Schema.Array(Place))(
  (
    [
      ["site", "North", null],
      ["building", "Hall", placeId(0)],
      ["floor", "Ground", placeId(1)],
      ["site", "South", null]
    ] as const
  ).map(([kind, name, parentId], index) => ({
    id: placeId(index),
    tenantId,
    kind,
    name,
    parentId,
    revision: 1,
    createdAt: at,
    updatedAt: at
  }))
)

const cameras = Schema.decodeUnknownSync(Schema.Array(Camera))(
  [
    { name: "Gate", placeId: placeId(0), tags: ["outdoor"] },
    { name: "Stairs", placeId: placeId(2), tags: ["indoor"] },
    { name: "Roof", placeId: placeId(3), tags: ["outdoor"] },
    { name: "Spare", placeId: null, tags: [] }
  ].map((camera, index) => ({
    id: `00000000-0000-4000-8000-00000000000${index}`,
    tenantId,
    url: "rtsp://192.0.2.1/one",
    transport: "auto",
    tls: { mode: "system" },
    enabled: true,
    zones: [],
    lines: [],
    segment: { duration: 5, overlap: 0 },
    detection: { framesPerSecond: 5, gate: "motion" },
    analytics: [],
    hasCredentials: false,
    revision: 1,
    createdAt: at,
    updatedAt: at,
    ...camera
  }))
)

const names = (search: CameraSearch) => foundCameras(cameras, search, places).map(({ name }) => name)

it("finds cameras by text, tag and place with all below it", () => {
  expect(names({})).toEqual(["Gate", "Stairs", "Roof", "Spare"])
  expect(names(cameraSearch({ text: " ROO" }))).toEqual(["Roof"])
  expect(names(cameraSearch({ tag: "outdoor" }))).toEqual(["Gate", "Roof"])
  expect(names(cameraSearch({ place: placeId(0) }))).toEqual(["Gate", "Stairs"])
  expect(names(cameraSearch({ place: placeId(1), text: "stairs", tag: "indoor" }))).toEqual(["Stairs"])
  expect(names(cameraSearch({ place: placeId(1), tag: "outdoor" }))).toEqual([])
})

it("takes the filters of an address and nothing else", () => {
  expect(cameraSearch({ text: "gate", place: placeId(0), tag: "a", other: 1 })).toEqual({
    text: "gate",
    place: placeId(0),
    tag: "a"
  })
  expect(cameraSearch({ text: "", place: "North", tag: 5 })).toEqual({})
})
