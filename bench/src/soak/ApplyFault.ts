import type { CameraControl, CameraProcessError } from "@vigil/fixtures/camera/CameraProcess"
import type { Faults, Kill } from "@vigil/fixtures/camera/Faults"
import { Effect, Schedule } from "effect"
import type { RuntimeNode } from "../node/RuntimeNode.js"
import type { CameraFault, CameraFaultKind } from "./FaultPlan.js"

interface Way {
  readonly faults?: Faults
  /** Ends the camera's connections at the beginning, so that it is opened anew under the fault. */
  readonly kill?: Kill
}

const ways: Record<Exclude<CameraFaultKind, "size-change" | "switched-off">, Way> = {
  "kill-reset": { kill: "reset" },
  "kill-close": { kill: "close" },
  "kill-bye": { kill: "bye" },
  freeze: { faults: { freeze: true } },
  "half-open": { faults: { halfOpen: true } },
  loss: { faults: { lossPercent: 15 } },
  corruption: { faults: { corruptPercent: 10 } },
  slow: { faults: { bandwidth: 60_000, delayAnswersMs: 400 } },
  refuse: { faults: { refuse: 503 }, kill: "reset" },
  "hang-describe": { faults: { hang: "DESCRIBE" }, kill: "close" },
  "hang-play": { faults: { hang: "PLAY" }, kill: "close" }
}

/** On a machine that is busy with faults, the simulator may answer late. */
const patiently = <A>(call: Effect.Effect<A, CameraProcessError>) =>
  Effect.retry(call, { schedule: Schedule.spaced("200 millis"), times: 5 })

/** Lets planned faults happen to simulated cameras. */
export interface FaultSwitch {
  readonly begin: (fault: CameraFault) => Effect.Effect<void, CameraProcessError>
  readonly end: (fault: CameraFault) => Effect.Effect<void, CameraProcessError>
}

export const makeFaultSwitch = (simulator: CameraControl, node: RuntimeNode): FaultSwitch => {
  /** Cameras that play their other clip; a size change lasts until the next one. */
  const changed = new Set<number>()
  const lasting = (camera: number): Faults => (changed.has(camera) ? { clip: 1 } : {})
  const set = (camera: number, faults: Faults) => patiently(simulator.setFaults(camera + 1, { ...lasting(camera), ...faults }))
  return {
    begin: ({ camera, kind }) => {
      if (kind === "switched-off") return Effect.sync(() => node.send({ type: "enable", camera, enabled: false }))
      if (kind === "size-change") {
        if (!changed.delete(camera)) changed.add(camera)
        return set(camera, {})
      }
      const { faults, kill } = ways[kind]
      return Effect.zipRight(
        faults === undefined ? Effect.void : set(camera, faults),
        kill === undefined ? Effect.void : patiently(simulator.kill(camera + 1, kill))
      )
    },
    end: ({ camera, kind }) =>
      kind === "switched-off" ? Effect.sync(() => node.send({ type: "enable", camera, enabled: true })) : set(camera, {})
  }
}
