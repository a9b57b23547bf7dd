import { describe, expect, it } from "@effect/vitest"
import { rtpTimestamp } from "@vigil/core/Overlay"
import { makeHub } from "@vigil/runtime/hub/Hub"
import { type LivePicture, makeLiveStream } from "@vigil/runtime/live/LiveStream"
import { picture, pictures } from "../material/AccessUnits.js"

const playing = () => {
  const hub = makeHub()
  hub.describe({
    protocol: "file",
    tracks: [{ kind: "video", codec: "h264", parameterSets: [Uint8Array.of(0x67, 1), Uint8Array.of(0x68, 2)] }]
  })
  return { hub, stream: makeLiveStream(hub) }
}

describe("LiveStream", () => {
  it("starts every viewer with the newest key frame and the pictures since", () => {
    const { hub, stream } = playing()
    for (const unit of pictures(20)) void hub.publish(unit)
    const first: Array<LivePicture> = []
    const second: Array<LivePicture> = []
    stream.join((shown) => void first.push(shown))
    void hub.publish(picture(20))
    stream.join((shown) => void second.push(shown))
    expect(first.map(({ timestamp }) => timestamp)).toEqual(
      [15, 16, 17, 18, 19, 20].map((index) => rtpTimestamp(picture(index).mediaTime))
    )
    expect(second).toEqual(first)
    expect(first[0]?.keyframe).toBe(true)
    expect(first[0]?.payloads.map((payload) => (payload[0] ?? 0) & 0x1f)).toEqual([7, 8, 5])
  })

  it("cuts a picture once for all viewers", () => {
    const { hub, stream } = playing()
    const seen: Array<LivePicture> = []
    stream.join((shown) => void seen.push(shown))
    stream.join((shown) => void seen.push(shown))
    void hub.publish(picture(0))
    expect(seen[0]).toBe(seen[1])
  })

  it("reads the hub only while there is a viewer", () => {
    const { hub, stream } = playing()
    const leave = stream.join(() => undefined)
    expect(hub.readers()).toBe(1)
    leave()
    expect(hub.readers()).toBe(0)
    expect(stream.viewers()).toBe(0)
  })

  it("waits for a key frame after the source was opened again, and after damage of one", () => {
    const { hub, stream } = playing()
    const seen: Array<LivePicture> = []
    stream.join((shown) => void seen.push(shown))
    void hub.publish(picture(1))
    void hub.publish(picture(15, { damaged: true }))
    void hub.publish(picture(16))
    expect(seen).toHaveLength(0)
    void hub.publish(picture(30))
    expect(seen).toHaveLength(1)
  })

  it("sends nothing of a codec that browsers do not play", () => {
    const hub = makeHub()
    hub.describe({ protocol: "file", tracks: [{ kind: "video", codec: "h265", parameterSets: [] }] })
    const seen: Array<LivePicture> = []
    makeLiveStream(hub).join((shown) => void seen.push(shown))
    void hub.publish(picture(0))
    expect(seen).toHaveLength(0)
  })
})
