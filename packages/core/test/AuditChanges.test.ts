import { cameraCreated, cameraDeleted, cameraUpdated, userUpdated } from "@vigil/core/AuditChanges"
import { CameraPatch, NewCamera } from "@vigil/core/Camera"
import { newRecord, revisedRecord } from "@vigil/core/CameraRecord"
import { CameraId, defaultTenant, UserId } from "@vigil/core/Ids"
import { User } from "@vigil/core/User"
import { DateTime, Either, Schema } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const now = DateTime.unsafeMake(0)

const created = (url: string) =>
  Either.getOrThrow(
    newRecord(
      defaultTenant,
      CameraId.make("00000000-0000-4000-8000-00000000000a"),
      Schema.decodeSync(NewCamera)({ name: "Gate", url }),
      now
    )
  )

const patched = (record: ReturnType<typeof created>, patch: typeof CameraPatch.Encoded) =>
  Either.getOrThrow(revisedRecord(record, Schema.decodeSync(CameraPatch)(patch), now))

describe("the audit of a camera", () => {
  it("tells all of one that is added or removed, but for its secrets", () => {
    const record = created("http://root:hunter2@192.0.2.1/v?user=a&pwd=hunter3")
    const { after } = cameraCreated(record)
    expect(after).toMatchObject({
      name: "Gate",
      url: "http://192.0.2.1/v?user=***&pwd=***",
      hasCredentials: true,
      credentials: "changed"
    })
    const { before } = cameraDeleted(record.camera)
    expect(before).toMatchObject({ name: "Gate", url: "http://192.0.2.1/v?user=***&pwd=***" })
    expect(JSON.stringify([after, before])).not.toMatch(/hunter|root/)
  })

  it("tells what changed only", () => {
    const record = created("rtsp://a:b@192.0.2.1/1")
    expect(cameraUpdated(record, patched(record, { name: "Yard", enabled: true }))).toMatchObject({
      before: { name: "Gate", revision: 1 },
      after: { name: "Yard", revision: 2 }
    })
    const renamed = cameraUpdated(record, patched(record, { name: "Yard" }))
    expect(Object.keys({ ...renamed.before, ...renamed.after }).sort()).toEqual(["name", "revision"])
  })

  it("tells that credentials changed, and never which", () => {
    const word = fc.stringMatching(/^[a-z]{12}$/)
    fc.assert(
      fc.property(word, word, word, word, (user, password, otherUser, otherPassword) => {
        const record = created(`rtsp://${user}:${password}@192.0.2.1/1`)
        const next = patched(record, { credentials: { username: otherUser, password: otherPassword } })
        const change = cameraUpdated(record, next)
        expect(change.after).toEqual({ revision: 2, credentials: "changed" })
        expect(cameraUpdated(next, patched(next, { credentials: null })).after).toEqual({
          hasCredentials: false,
          revision: 3,
          credentials: "changed"
        })
        const text = JSON.stringify(change)
        for (const secret of [user, password, otherUser, otherPassword]) expect(text).not.toContain(secret)
      })
    )
    const record = created("rtsp://a:b@192.0.2.1/1")
    const same = patched(record, { credentials: { username: "a", password: "b" } })
    expect(cameraUpdated(record, same).after).toEqual({ revision: 2 })
  })
})

describe("the audit of a user", () => {
  it("tells another role and that the password changed", () => {
    const user = User.make({
      id: UserId.make("00000000-0000-4000-8000-00000000000b"),
      tenantId: defaultTenant,
      username: "zoe",
      role: "viewer",
      createdAt: now
    })
    expect(userUpdated(user, { role: "admin", passwordHash: "$argon2id$secret" })).toMatchObject({
      before: { username: "zoe", role: "viewer" },
      after: { role: "admin", password: "changed" }
    })
    expect(userUpdated(user, { role: "viewer", passwordHash: undefined }).after).toEqual({})
  })
})
