import { beamcoder, type DemuxerOptions, type NativeDemuxer, type NativePacket, type NativeStream } from "./Beamcoder.js"
import { countNativeBytes } from "./NativeMemory.js"

/** An open input. Reads are queued one behind the other; after `close` nothing touches the native side again. */
export interface Demuxer {
  readonly streams: ReadonlyArray<NativeStream>
  readonly encoder: string | undefined
  /** Undefined at the end. Rejects when the input cannot be read on. */
  readonly read: () => Promise<NativePacket | undefined>
  readonly close: () => void
}

export const openDemuxer = async (options: DemuxerOptions): Promise<Demuxer> => {
  const native: NativeDemuxer = await beamcoder().demuxer(options)
  const { metadata, streams } = native
  let closed = false
  let tail: Promise<unknown> = Promise.resolve()

  const readNext = async (): Promise<NativePacket | undefined> => {
    if (closed) return undefined
    const packet = await native.read()
    if (packet !== null) countNativeBytes(packet.size)
    return packet ?? undefined
  }

  return {
    streams,
    encoder: metadata?.["encoder"],
    read: () => {
      const result = tail.then(readNext)
      // swallowed: the failure is the caller's; the next read only waits for this one to end.
      tail = result.catch(() => undefined)
      return result
    },
    close: () => {
      if (closed) return
      closed = true
      native.forceClose()
    }
  }
}
