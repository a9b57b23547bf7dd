import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { cameraPageResponse, cameraResponse } from "@vigil/api/http/CameraJson"
import { Camera } from "@vigil/core/Camera"
import { CameraPage } from "@vigil/core/CameraQuery"
import { newRecord } from "@vigil/core/CameraRecord"
import { defaultTenant } from "@vigil/core/Ids"
import { DateTime, Effect, Schema } from "effect"
import { describe, expect, it } from "@effect/vitest"
import { anyCameraId, newCamera } from "../Samples.js"

const camera = (name: string) =>
  Effect.map(
    newRecord(defaultTenant, anyCameraId(), newCamera({ name, tags: ["ä", "\\"] }), DateTime.unsafeMake(0)),
    (record) => record.camera
  )

describe("cameras as an answer", () => {
  it.effect("are, on a page, what the contract says, and the same when it is made again", () =>
    Effect.gen(function* () {
      const cameras = [yield* camera('"One"'), yield* camera("Two\u2028!")]
      const pages: ReadonlyArray<CameraPage> = [
        { cameras: [] },
        { cameras },
        { cameras, nextCursor: "a" },
        { cameras: [Camera.make({ ...cameras[0], name: "Other" })], total: 7, nextCursor: "b" }
      ]
      for (const page of [...pages, ...pages]) {
        const web = HttpServerResponse.toWeb(cameraPageResponse(page))
        expect(web.headers.get("content-type")).toBe("application/json")
        expect(yield* Effect.promise(() => web.json())).toEqual(Schema.encodeSync(CameraPage)(page))
      }
    })
  )

  it.effect("are, each by itself, what the contract says", () =>
    Effect.gen(function* () {
      const one = yield* camera('"One"')
      const web = HttpServerResponse.toWeb(cameraResponse(201)(one))
      expect([web.status, web.headers.get("content-type")]).toEqual([201, "application/json"])
      expect(yield* Effect.promise(() => web.json())).toEqual(Schema.encodeSync(Camera)(one))
    })
  )
})
