import { existsSync } from "node:fs"
import { expect, layer } from "@effect/vitest"
import { sourceConfig } from "@vigil/core/Source"
import { MediaWorkers } from "@vigil/runtime/media/MediaWorkers"
import * as MediaWorkersLive from "@vigil/runtime/media/MediaWorkersLive"
import { v4l2Source } from "@vigil/runtime/source/v4l2/V4l2Source"
import { Effect } from "effect"
import { until } from "../../material/Video.js"

const device = "/dev/video0"

layer(MediaWorkersLive.layer(), { excludeTestServices: true })("the V4L2 source", (it) => {
  const open = (path: string, sink: () => void = () => undefined) =>
    Effect.gen(function* () {
      const workers = yield* MediaWorkers
      return yield* v4l2Source(workers).open(sourceConfig(`v4l2://${path}`), sink)
    })

  it.effect.each([
    ["/dev/video-absent", "unreachable", /no such device/],
    ["/etc/passwd", "unsupported", /not a capture device/],
    ["/dev/null", "device", /none of the formats h264, mjpeg/]
  ] as const)("says why %s cannot be used", ([path, reason, detail]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(open(path)))
      expect(error).toMatchObject({ _tag: "SourceError", reason, url: `v4l2://${path}` })
      expect(error.detail).toMatch(detail)
    })
  )

  it.effect.skipIf(!existsSync(device))(`plays ${device} [needs a capture device at ${device}]`, () =>
    Effect.scoped(
      Effect.gen(function* () {
        let units = 0
        const source = yield* open(device, () => void units++)
        yield* until("pictures come", () => units > 5)
        expect(source.description.protocol).toBe("V4L2")
      })
    )
  )
})
