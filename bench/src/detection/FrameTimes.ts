import type { CameraControl } from "@vigil/fixtures/camera/CameraProcess"
import type { SentFrame } from "@vigil/fixtures/camera/Camera"
import { Effect } from "effect"

/** When one camera really sent its pictures, from the simulator's own log. Times in milliseconds since 1970. */
export interface FrameTimes {
  /** The picture whose sender report time is nearest to `wallTime`, when it is within half the time between pictures. */
  readonly atWallTime: (wallTime: number) => SentFrame | undefined
  /** The newest picture before `at` that shows this number. */
  readonly showing: (picture: number, at: number) => SentFrame | undefined
}

const halfInterval = 1000 / 15 / 2

const frameTimes = (frames: ReadonlyArray<SentFrame>): FrameTimes => ({
  atWallTime: (wallTime) => {
    const after = frames.findIndex((frame) => frame.wallTime >= wallTime - halfInterval)
    const found = frames[after]
    return found !== undefined && Math.abs(found.wallTime - wallTime) <= halfInterval ? found : undefined
  },
  showing: (picture, at) => frames.findLast((frame) => frame.picture === picture && frame.sentAt <= at)
})

export const readFrameTimes = (simulator: CameraControl, cameras: number) =>
  Effect.forEach(
    Array.from({ length: cameras }, (_, camera) => camera),
    (camera) => Effect.map(simulator.frames(camera + 1), frameTimes)
  )
