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

  it("shows nothing of the camera's own stream from the moment that it is masked, and viewers stay", () => {
    const needs: Array<boolean> = []
    const { hub } = playing()
    const stream = makeLiveStream(hub, () => needs.push(stream.needsCoding()))
    const seen: Array<LivePicture> = []
    const leave = stream.join((shown) => void seen.push(shown))
    void hub.publish(picture(0))
    stream.mask(true)
    expect(hub.readers()).toBe(0)
    expect(stream.needsCoding()).toBe(true)
    void hub.publish(picture(15))
    stream.show(picture(16))
    expect(seen.map(({ timestamp }) => timestamp)).toEqual([rtpTimestamp(picture(0).mediaTime)])
    // What is coded anew begins with a key frame; who comes later begins with it too, and not with what was shown before.
    stream.show(picture(30))
    stream.show(picture(31))
    const later: Array<LivePicture> = []
    stream.join((shown) => void later.push(shown))
    expect(later.map(({ timestamp }) => timestamp)).toEqual([30, 31].map((index) => rtpTimestamp(picture(index).mediaTime)))
    expect(seen).toHaveLength(3)
    stream.mask(false)
    expect(stream.needsCoding()).toBe(false)
    stream.show(picture(45))
    void hub.publish(picture(60))
    expect(seen.at(-1)?.timestamp).toBe(rtpTimestamp(picture(60).mediaTime))
    expect(stream.viewers()).toBe(2)
    leave()
    expect(needs).toEqual([false])
  })

  it("says when pictures have to be coded for viewers of a masked camera, and when no longer", () => {
    const needs: Array<boolean> = []
    const { hub } = playing()
    const stream = makeLiveStream(hub, () => needs.push(stream.needsCoding()))
    stream.mask(true)
    const leave = stream.join(() => undefined)
    const other = stream.join(() => undefined)
    leave()
    leave()
    other()
    expect(needs).toEqual([true, false])
    expect(hub.readers()).toBe(0)
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
