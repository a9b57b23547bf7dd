import type { MonotonicTime } from "@vigil/core/Time"
import { Context } from "effect"

/** How this node's camera manager is. */
export class CameraManager extends Context.Tag("@vigil/runtime/CameraManager")<
  CameraManager,
  {
    readonly status: () => {
      /** Cameras of this node that are not switched off. */
      readonly workers: number
      /** Those of them that need a person. */
      readonly alerts: number
      /** When the runtime table was last written; absent before the first time. */
      readonly written: MonotonicTime | undefined
    }
  }
>() {}
