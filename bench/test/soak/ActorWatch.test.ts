import type { CameraSample } from "@vigil/bench/node/NodeProtocol"
import { watchActors } from "@vigil/bench/soak/ActorWatch"
import { describe, expect, it } from "vitest"

const sample = (camera: number, epoch = 1): CameraSample => ({
  camera,
  state: "Streaming",
  epoch,
  packetsLost: 0,
  pipeline: {
    framesDecoded: 0,
    framesDropped: 0,
    framesSkipped: 0,
    inferences: 0,
    inferencesDropped: 0,
    detections: 0,
    events: 0,
    segments: 0
  }
})

const event = (sequence: number, epoch = 1) => ({ camera: 0, sequence, epoch })

describe("watchActors", () => {
  it("finds nothing wrong with an ordinary life", () => {
    const watch = watchActors(2)
    watch.sample(0, [sample(0), sample(1)])
    watch.sample(4000, [sample(1)])
    watch.sample(8000, [sample(0, 2), sample(1)])
    watch.sessions(0, 0, 2)
    watch.sessions(8000, 0, 1)
    for (const entry of [event(1), event(2), event(3, 2)]) watch.event(entry)
    watch.log([event(3, 2), event(2), event(1)])
    expect(watch.broken()).toEqual([])
    expect(watch.events()).toBe(3)
  })

  it("finds doubled, lost and older actors", () => {
    const watch = watchActors(2)
    watch.sample(0, [sample(0, 2), sample(0, 2), sample(1)])
    watch.sample(5001, [sample(0, 1)])
    watch.sessions(0, 0, 2)
    watch.sessions(10_001, 0, 2)
    expect(watch.broken()).toEqual([
      "camera 0: 2 actors at once",
      "camera 0: epoch 1 after 2",
      "camera 1: no actor for 5001 ms",
      "camera 0: 2 sessions at once for 10001 ms"
    ])
  })

  it("finds gaps in the log and in what was published, and epochs that go back", () => {
    const watch = watchActors(1)
    for (const entry of [event(1), event(3)]) watch.event(entry)
    watch.log([event(1, 2), event(2, 1), event(4, 2)])
    expect(watch.broken()).toEqual([
      "camera 0: epoch 1 follows epoch 2 in its log",
      "camera 0: event 3 of its log has the sequence 4",
      "camera 0: event 3 was published when 2 was due",
      "camera 0: 3 events are in the log, 2 were published"
    ])
  })
})
