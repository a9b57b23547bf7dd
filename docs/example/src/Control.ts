import { type CameraId, defaultTenant, UserId } from "@vigil/core/Ids"
import { User } from "@vigil/core/User"
import { makeCameraRpcInProcess } from "@vigil/runtime/control/CameraRpcInProcess"
import { DateTime, Effect, Schedule } from "effect"

/** In whose name the program calls: what it may do follows from the role, and changes are told to be of this user. */
const embedder = Effect.map(DateTime.now, (createdAt) => ({
  user: User.make({
    id: UserId.make("00000000-0000-8000-8000-000000000010"),
    tenantId: defaultTenant,
    username: "gatekeeper",
    role: "supervisor",
    createdAt
  }),
  address: "in process"
}))

/** Switches the camera off and on again, and answers with the next picture of it. */
export const switchOffAndOn = (id: CameraId) =>
  Effect.gen(function* () {
    const cameras = yield* makeCameraRpcInProcess(yield* embedder)
    yield* cameras.StopCamera({ id })
    yield* cameras.StartCamera({ id })
    return yield* cameras.CameraSnapshot({ id }).pipe(
      Effect.retry({
        while: ({ _tag }) => _tag === "CameraNotRunning" || _tag === "NoPicture",
        times: 100,
        schedule: Schedule.spaced("200 millis")
      })
    )
  }).pipe(Effect.scoped)
