import { CameraPatch, NewCamera } from "@vigil/core/Camera"
import { messagesOfChange, messagesOfCreation, messagesOfRemoval } from "@vigil/core/CameraLifecycle"
import { type CameraRecord, newRecord, revisedRecord } from "@vigil/core/CameraRecord"
import { BusMessage, encodeBusMessage } from "@vigil/core/BusMessage"
import { CameraId, defaultTenant } from "@vigil/core/Ids"
import { DateTime, Either, Schema } from "effect"
import { describe, expect, it } from "vitest"

const id = CameraId.make("7f2c1f5e-3a0e-4d0c-9d6f-000000000001")
const [then, now] = [DateTime.unsafeMake("2026-01-02T03:04:05Z"), DateTime.unsafeMake("2026-01-02T03:04:06Z")]

const created = (fields: Partial<typeof NewCamera.Encoded> = {}): CameraRecord =>
  Either.getOrThrow(
    newRecord(
      defaultTenant,
      id,
      Schema.decodeSync(NewCamera)({ name: "Gate", url: "rtsp://u:secret@192.0.2.7/1", ...fields }),
      then
    )
  )

const changed = (record: CameraRecord, patch: typeof CameraPatch.Encoded): CameraRecord =>
  Either.getOrThrow(revisedRecord(record, Schema.decodeSync(CameraPatch)(patch), now))

const types = (before: CameraRecord, patch: typeof CameraPatch.Encoded) =>
  messagesOfChange(before, changed(before, patch)).map(({ type }) => type)

describe("messages of a camera's life", () => {
  it("have the shape that listeners know, and no password", () => {
    const [message] = messagesOfCreation(created({ enabled: false }))
    const json: unknown = Schema.encodeSync(BusMessage)(message ?? messagesOfRemoval(created().camera, now)[0])
    expect(json).toMatchObject({
      type: "camera.created",
      id: `${id}:1:camera.created`,
      camera_id: id,
      camera: { id, name: "Gate", url: "rtsp://192.0.2.7/1", enabled: false },
      timestamp: "2026-01-02T03:04:05.000Z"
    })
    expect(JSON.stringify(json)).not.toContain("secret")
  })

  it("tell of a camera that is added enabled that it is enabled", () => {
    expect(messagesOfCreation(created()).map(({ type }) => type)).toEqual(["camera.created", "camera.enabled"])
    expect(messagesOfCreation(created({ enabled: false })).map(({ type }) => type)).toEqual(["camera.created"])
  })

  it("tell a switch from other changes", () => {
    const [on, off] = [created(), created({ enabled: false })]
    expect(types(on, { name: "Yard" })).toEqual(["camera.updated"])
    expect(types(on, { credentials: null })).toEqual(["camera.updated"])
    expect(types(on, { enabled: false })).toEqual(["camera.disabled"])
    expect(types(off, { enabled: true })).toEqual(["camera.enabled"])
    expect(types(off, { enabled: true, name: "Yard" })).toEqual(["camera.updated", "camera.enabled"])
  })

  it("are none where nothing changes, however it is said", () => {
    const on = created({ metadata: { asset: "A", nested: { b: 1, a: 2 } }, tags: ["x"] })
    for (const patch of [
      {},
      { enabled: true },
      { name: "Gate", tags: ["x"] },
      { url: "rtsp://192.0.2.7/1" },
      { credentials: { username: "u", password: "secret" } },
      { metadata: { nested: { a: 2, b: 1 }, asset: "A" } }
    ]) {
      expect(types(on, patch), JSON.stringify(patch)).toEqual([])
    }
    expect(types(on, { metadata: {} })).toEqual(["camera.updated"])
    expect(types(on, { credentials: { username: "u", password: "other" } })).toEqual(["camera.updated"])
  })

  it("carry the camera as it is after the change, and as it was before its removal", () => {
    const before = created()
    const after = changed(before, { name: "Yard" })
    expect(messagesOfChange(before, after)).toMatchObject([{ camera: after.camera, timestamp: now }])
    expect(messagesOfRemoval(after.camera, now)).toMatchObject([{ type: "camera.deleted", camera: after.camera, timestamp: now }])
  })

  it("are in JSON what their schema says", () => {
    const before = created()
    const after = changed(before, { name: "Yard", enabled: false })
    for (const message of [
      ...messagesOfCreation(before),
      ...messagesOfChange(before, after),
      ...messagesOfRemoval(after.camera, now)
    ]) {
      expect(encodeBusMessage(message)).toEqual(Schema.encodeSync(BusMessage)(message))
    }
  })
})
