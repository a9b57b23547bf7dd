import { Camera, NewCamera } from "@vigil/core/Camera"
import { PlaceId } from "@vigil/core/Ids"
import { Either, Redacted, Schema } from "effect"
import { describe, expect, it } from "vitest"
import {
  type CameraDraft,
  draftOf,
  newDraft,
  storedWith,
  toNewCamera,
  toPatch,
  withoutUserInformation
} from "../../src/form/CameraDraft.js"

const draft: CameraDraft = { ...newDraft, name: " Gate ", url: "rtsp://10.0.0.1/one " }

const complaintsOf = <A>(result: Either.Either<A, unknown>) => Either.getOrNull(Either.flip(result))

describe("a new camera", () => {
  it("has what the contract takes where nothing is chosen", () => {
    const made = Either.getOrThrow(toNewCamera(draft))
    const placed = { placeId: null, tags: [], groups: [], location: null, description: null }
    expect(made).toEqual(Schema.decodeUnknownSync(NewCamera)({ name: "Gate", url: "rtsp://10.0.0.1/one", ...placed }))
  })

  it("carries the typed user name and password", () => {
    const { credentials } = Either.getOrThrow(toNewCamera({ ...draft, username: "admin", password: "secret" }))
    expect(credentials?.username).toBe("admin")
    expect(credentials && Redacted.value(credentials.password)).toBe("secret")
  })

  it("hangs somewhere, and has words to be found by", () => {
    const placeId = PlaceId.make("00000000-0000-4000-8000-00000000000b")
    const placed = { placeId, tags: ["outdoor", "dock"], groups: ["doors"], location: "Pole 3", description: "Over the ramp" }
    expect(Either.getOrThrow(toNewCamera({ ...draft, ...placed }))).toMatchObject(placed)
    expect(complaintsOf(toNewCamera({ ...draft, tags: ["a;b"], groups: ["x".repeat(51)] }))).toEqual({
      tags: expect.stringContaining("without commas"),
      groups: expect.stringContaining("50 characters")
    })
  })

  it("is complained about field by field", () => {
    const complaints = complaintsOf(toNewCamera({ ...draft, name: " ", framesPerSecond: "99", segmentDuration: "" }))
    expect(Object.keys(complaints ?? {}).sort()).toEqual(["detection.framesPerSecond", "name", "segment.duration"])
  })

  it("needs an address of a kind that there is", () => {
    expect(complaintsOf(toNewCamera({ ...draft, url: "10.0.0.1" }))).toHaveProperty("url")
    expect(complaintsOf(toNewCamera({ ...draft, url: "" }))).toHaveProperty("url")
  })

  it("drops the empty places of lists that were typed with commas", () => {
    const made = Either.getOrThrow(
      toNewCamera({ ...draft, analytics: [{ analytic: "intrusion", settings: { labels: ["person ", "", "car"] } }] })
    )
    expect(made.analytics[0]?.settings).toEqual({ labels: ["person", "car"] })
  })
})

describe("a change", () => {
  const camera = Schema.decodeUnknownSync(Camera)({
    id: "00000000-0000-4000-8000-00000000000a",
    tenantId: "00000000-0000-4000-8000-000000000001",
    name: "Gate",
    url: "rtsp://10.0.0.1/one",
    transport: "tcp",
    tls: { mode: "fingerprint", sha256: "ab".repeat(32) },
    enabled: false,
    zones: [
      {
        name: "Door",
        polygon: [
          { x: 0, y: 0 },
          { x: 1, y: 0 },
          { x: 1, y: 1 }
        ]
      }
    ],
    lines: [{ name: "Line", from: { x: 0, y: 0 }, to: { x: 1, y: 1 }, direction: "both" }],
    segment: { duration: 4, overlap: 1 },
    detection: { model: "yolox-nano", framesPerSecond: 3, gate: "always" },
    analytics: [{ analytic: "motion", priority: "HIGH", settings: { sensitivity: 0.7 } }],
    hasCredentials: true,
    revision: 3,
    createdAt: "2026-01-01T00:00:00Z",
    updatedAt: "2026-01-01T00:00:00Z"
  })

  it("of nothing says what the camera has, and nothing of its credentials", () => {
    const patch = Either.getOrThrow(toPatch(draftOf(camera), camera.zones, camera.lines, camera.masks))
    const {
      id: _id,
      tenantId: _tenant,
      hasCredentials: _has,
      revision: _revision,
      createdAt: _created,
      updatedAt: _updated,
      // The form leaves these alone.
      edge: _edge,
      metadata: _metadata,
      settings: _settings,
      ...rest
    } = camera
    expect(patch).toEqual(rest)
    expect("credentials" in patch).toBe(false)
  })

  it("forgets or replaces the stored credentials", () => {
    expect(Either.getOrThrow(toPatch({ ...draftOf(camera), forget: true }, [], [], [])).credentials).toBeNull()
    expect(
      Either.getOrThrow(toPatch({ ...draftOf(camera), username: "a", password: "b" }, [], [], [])).credentials?.username
    ).toBe("a")
  })

  it("is probed with the stored user name and password, unless others are typed or they are to be forgotten", () => {
    const untouched = draftOf(camera)
    expect(storedWith({ ...camera, hasCredentials: true }, untouched)).toBe(camera.id)
    expect(storedWith({ ...camera, hasCredentials: false }, untouched)).toBeUndefined()
    expect(storedWith({ ...camera, hasCredentials: false }, { ...untouched, url: "http://cam/?pwd=***" })).toBe(camera.id)
    const known = { ...camera, hasCredentials: true }
    expect(storedWith(known, { ...untouched, forget: true })).toBeUndefined()
    expect(storedWith(known, { ...untouched, username: "a" })).toBeUndefined()
    expect(storedWith(known, { ...untouched, password: "b" })).toBeUndefined()
  })

  it("is complained about where a shape has no name", () => {
    const unnamed = [{ name: " ", polygon: camera.zones[0]?.polygon ?? [] }]
    expect(complaintsOf(toPatch(draftOf(camera), unnamed, [], []))).toHaveProperty("zones")
    expect(complaintsOf(toPatch(draftOf(camera), [], [], unnamed))).toHaveProperty("masks")
  })
})

it("moves a user name and password out of the address", () => {
  const moved = withoutUserInformation({ ...draft, url: "rtsp://ad%40min:p%3Aw@10.0.0.1:554/one?a=b" })
  expect(moved).toMatchObject({ url: "rtsp://10.0.0.1:554/one?a=b", username: "ad@min", password: "p:w" })
  expect(withoutUserInformation({ ...draft, url: "rtsp://u:50%@10.0.0.1/" }).password).toBe("50%")
  expect(withoutUserInformation(draft)).toBe(draft)
})
