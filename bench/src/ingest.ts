import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type CameraProcess, spawnCameras } from "@vigil/fixtures/camera/CameraProcess"
import { Effect } from "effect"
import type { Benchmark, BenchmarkResult } from "./Benchmark.js"
import type { IngestCount, IngestRequest } from "./IngestOurs.js"

const cameras = 100
const framesPerSecond = 15
/** Seconds: until compilers and buffers have settled, and that are measured then. */
const settle = 10
const window = 20
/** FFmpeg's command line opens its inputs one after another. */
const inputsPerFfmpeg = 25

/**
 * Share of one core that it takes to receive 100 RTSP cameras, 640x480 at 15 frames a second over TCP, up to access units: our client in a
 * process of its own, FFmpeg's demuxer in such a process, and the ffmpeg command line that copies into nothing. One after the other gets
 * the streams of the same server.
 */
export const ingest: Benchmark = {
  name: "ingest",
  run: async () => {
    const folder = await mkdtemp(join(tmpdir(), "vigil-ingest-"))
    try {
      const file = join(folder, "camera.mp4")
      encodeClip(file)
      return await Effect.runPromise(
        Effect.scoped(
          Effect.flatMap(spawnCameras({ files: [file], count: cameras }), (server) => Effect.promise(() => compare(server)))
        )
      )
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

const encodeClip = (file: string): void => {
  execFileSync("ffmpeg", [
    ...["-v", "error", "-f", "lavfi", "-i", `testsrc2=size=640x480:rate=${framesPerSecond}:duration=10`],
    ...["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-threads", "1", "-pix_fmt", "yuv420p"],
    ...["-g", String(2 * framesPerSecond), "-b:v", "600k", "-maxrate", "600k", "-bufsize", "600k", "-y", file]
  ])
}

const compare = async (server: CameraProcess): Promise<ReadonlyArray<BenchmarkResult>> => {
  const ours = await measureProgram(server, "./IngestOurs.js")
  const demuxer = await measureProgram(server, "./IngestPeer.js")
  const commandLine = await measure(server, startFfmpeg(server))
  return [
    result("ingest", ours, demuxer, "FFmpeg's demuxer through beamcoder"),
    result("ingest-command-line", ours, commandLine, "ffmpeg -c copy -f null")
  ]
}

/** Per cent of a core that the processes use together over the window, once all cameras play to them. Ends them. */
const measure = async (
  server: CameraProcess,
  children: ReadonlyArray<ChildProcess>,
  count: () => Promise<number | undefined> = () => Promise.resolve(undefined)
): Promise<number> => {
  try {
    await awaitSessions(server, children)
    await sleep(settle)
    const countBefore = await count()
    const started = performance.now()
    const before = await cpuSeconds(children)
    await sleep(window)
    const used = (await cpuSeconds(children)) - before
    const seconds = (performance.now() - started) / 1000
    const countAfter = await count()
    if (countBefore !== undefined && countAfter !== undefined) {
      const received = countAfter - countBefore
      const expected = cameras * framesPerSecond * window
      if (received < expected * 0.95)
        throw new Error(`only ${received} of ${expected} access units came: the machine is too busy`)
    }
    return (used / seconds) * 100
  } finally {
    await Promise.all(children.map(end))
  }
}

const result = (name: string, ours: number, peer: number, peerName: string): BenchmarkResult => ({
  name,
  ours,
  peer,
  peerName,
  ratio: ours / peer,
  unit: "% of a core"
})

const measureProgram = (server: CameraProcess, program: string): Promise<number> => {
  // env(1) becomes the program itself, so that its threads are counted under one process id.
  const command = [`UV_THREADPOOL_SIZE=${cameras + 8}`, process.execPath, fileURLToPath(new URL(program, import.meta.url))]
  const child = spawn("env", command, { stdio: ["ignore", "ignore", "inherit", "ipc"] })
  child.send({ urls: server.urls } satisfies IngestRequest)
  return measure(server, [child], () => accessUnitsOf(child))
}

const startFfmpeg = (server: CameraProcess): ReadonlyArray<ChildProcess> => {
  const children: Array<ChildProcess> = []
  for (let at = 0; at < cameras; at += inputsPerFfmpeg) {
    const urls = server.urls.slice(at, at + inputsPerFfmpeg)
    const inputs = urls.flatMap((url) => ["-rtsp_transport", "tcp", "-analyzeduration", "0", "-i", url])
    const outputs = urls.flatMap((_, index) => ["-map", `${index}:v`, "-c", "copy", "-f", "null", "-"])
    children.push(spawn("ffmpeg", ["-nostdin", "-v", "error", ...inputs, ...outputs], { stdio: "ignore" }))
  }
  return children
}

const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000))

const awaitSessions = async (server: CameraProcess, children: ReadonlyArray<ChildProcess>): Promise<void> => {
  for (let seconds = 0; seconds < 120; seconds++) {
    const ended = children.find(({ exitCode }) => exitCode !== null)
    if (ended !== undefined) throw new Error(`${ended.spawnargs.join(" ").slice(0, 80)} ended with status ${ended.exitCode}`)
    const views = await Effect.runPromise(server.cameras)
    if (views.every(({ statistics }) => statistics.sessions > 0)) return
    await sleep(1)
  }
  throw new Error(`not all of the ${cameras} cameras were playing after 120 s`)
}

/** CPU seconds that processes have used in all their threads (proc(5): utime and stime, in ticks of 10 ms). */
const cpuSeconds = async (children: ReadonlyArray<ChildProcess>): Promise<number> => {
  const stats = await Promise.all(children.map(({ pid }) => readFile(`/proc/${pid}/stat`, "latin1")))
  return stats.reduce((sum, stat) => {
    const fields = stat.split(") ")[1]?.split(" ") ?? []
    return sum + (Number(fields[11]) + Number(fields[12])) / 100
  }, 0)
}

const accessUnitsOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once("message", ({ accessUnits }: IngestCount) => resolve(accessUnits))
    child.send("count")
  })

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGKILL")
  await ended
}
