import { CameraStatus } from "@vigil/core/CameraStatus"
import { CameraId, Epoch } from "@vigil/core/Ids"
import type { NodeName } from "@vigil/core/Node"
import { Either, Metric, Schema } from "effect"

/** A camera's status on its way from its node to the others. */
export const StatusMessage = Schema.Struct({
  cameraId: CameraId,
  epoch: Epoch,
  /** The status as JSON. */
  text: Schema.String
})
type StatusMessage = typeof StatusMessage.Type

export const refusedStatuses = Metric.counter("vigil_status_bulletins_refused", {
  description: "What nodes told of their cameras and could not be read, or not be sent",
  incremental: true
})

const decode = Schema.decodeUnknownEither(Schema.parseJson(CameraStatus))

/** What another node told of a camera. Thousands come every second, and few of them are ever asked for: only those are read. */
export class ToldStatus {
  readonly cameraId: CameraId
  readonly epoch: Epoch
  readonly node: NodeName
  private text: string | undefined
  private status: CameraStatus | undefined

  constructor({ cameraId, epoch, text }: StatusMessage, node: NodeName) {
    this.cameraId = cameraId
    this.epoch = epoch
    this.node = node
    this.text = text
  }

  /** Always the same object; nothing where it cannot be read, or says something else than it was announced as. */
  read(): CameraStatus | undefined {
    if (this.text === undefined) return this.status
    const read = decode(this.text)
    this.text = undefined
    if (Either.isRight(read) && this.isOf(read.right)) this.status = read.right
    else refusedStatuses.unsafeUpdate(1, [])
    return this.status
  }

  private isOf({ cameraId, epoch, node }: CameraStatus): boolean {
    return cameraId === this.cameraId && epoch === this.epoch && node === this.node
  }
}
