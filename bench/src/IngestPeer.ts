import { openDemuxer } from "@vigil/runtime/media/native/Demuxer"
import type { IngestCount, IngestRequest } from "./IngestOurs.js"

/** The process of the `ingest` benchmark that runs FFmpeg's demuxer, a thread of libuv's pool waiting for each camera. */
const run = async (request: IngestRequest): Promise<void> => {
  let accessUnits = 0
  process.on("message", () => process.send?.({ accessUnits, damaged: 0 } satisfies IngestCount))
  const receive = async (url: string) => {
    const demuxer = await openDemuxer({
      url,
      open_timeout: 20e6,
      read_timeout: 20e6,
      options: { rtsp_transport: "tcp", analyzeduration: 1 }
    })
    while ((await demuxer.read()) !== undefined) accessUnits++
  }
  await Promise.all(request.urls.map(receive))
}

process.once("message", (request: IngestRequest) => {
  run(request).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  })
})
