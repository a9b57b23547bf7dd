import { CameraStatus } from "@vigil/core/CameraStatus"
import { Epoch } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { statusFingerprint, statusText } from "@vigil/runtime/camera/StatusText"
import { ToldStatus } from "@vigil/runtime/control/ToldStatus"
import { Arbitrary, Schema } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { makeCamera } from "../material/ControlNode.js"
import { play } from "../material/PlayedActor.js"

const there = NodeName.make("there")
const other = NodeName.make("other")

const isReadable = Schema.is(Schema.encodedSchema(CameraStatus))

const messageOf = (status: CameraStatus) => ({
  cameraId: status.cameraId,
  epoch: status.epoch,
  text: statusText(statusFingerprint(status), status)
})

const playedStatus = (): CameraStatus => ({ ...play(makeCamera(), 3).actor.status(), node: there })

/** JSON has no number without an end, for statuses as for anything else. */
const statuses = Arbitrary.make(CameraStatus).filter((status) => isReadable(JSON.parse(messageOf(status).text)))

describe("what another node told of a camera", () => {
  it("is read as it was, and is the same object each time", () => {
    fc.assert(
      fc.property(statuses, (any) => {
        const status = { ...any, node: there }
        const told = new ToldStatus(messageOf(status), there)
        const read = told.read()
        if (read === undefined) throw new Error("it cannot be read")
        expect(messageOf(read)).toEqual(messageOf(status))
        expect(told.read()).toBe(read)
      })
    )
  })

  it("is nothing where it is of another camera, epoch or node than it was announced as, or no status", () => {
    const status = playedStatus()
    const message = messageOf(status)
    expect(new ToldStatus(message, there).read()).toBeDefined()
    expect(new ToldStatus(message, other).read()).toBeUndefined()
    expect(new ToldStatus({ ...message, epoch: Epoch.make(4) }, there).read()).toBeUndefined()
    expect(new ToldStatus({ ...message, cameraId: playedStatus().cameraId }, there).read()).toBeUndefined()
    for (const text of ["", "{}", message.text.slice(1)])
      expect(new ToldStatus({ ...message, text }, there).read()).toBeUndefined()
  })
})
