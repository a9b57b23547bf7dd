import { percentile } from "@vigil/runtime/camera/LatencyWindow"
import { Effect } from "effect"
import { wallClock } from "../node/NodeProtocol.js"
import { type ClusterRig, until } from "./ClusterRig.js"
import type { LightNode } from "./LightNode.js"

/** What a fault cost: milliseconds for each camera that it concerned. */
export interface Outcome {
  readonly cameras: number
  readonly times: ReadonlyArray<number>
}

const outcomeOf = (times: ReadonlyArray<number>): Outcome => ({ cameras: times.length, times })

export const p50 = ({ times }: Outcome): number => percentile(times, 0.5) ?? Number.NaN
export const p95 = ({ times }: Outcome): number => percentile(times, 0.95) ?? Number.NaN
export const longest = ({ times }: Outcome): number => Math.max(0, ...times)

/** Milliseconds from `since` until each camera first ran elsewhere than in `process`. */
const untilElsewhere = (rig: ClusterRig, cameras: ReadonlyArray<number>, process: number, since: number): Outcome => {
  const wanted = new Set(cameras)
  const first = new Map<number, number>()
  for (const run of rig.ownership.runs()) {
    if (!wanted.has(run.camera) || run.process === process || run.from < since || first.has(run.camera)) continue
    first.set(run.camera, run.from - since)
  }
  return outcomeOf([...first.values()])
}

/** How long each camera that went from one process to another since then ran nowhere; negative where it ran on both. */
const pauses = (rig: ClusterRig, since: number): Outcome => {
  const last = new Map<number, number>()
  const times: Array<number> = []
  for (const run of rig.ownership.runs()) {
    const before = last.get(run.camera)
    if (run.from >= since && before !== undefined) times.push(run.from - before)
    last.set(run.camera, run.until ?? Number.POSITIVE_INFINITY)
  }
  return outcomeOf(times.filter(Number.isFinite))
}

const others = (rig: ClusterRig, node: LightNode) => rig.nodes().filter(({ pid }) => pid !== node.pid)

/** Ends a process without a word. */
export const killNode = (rig: ClusterRig, node: LightNode, seconds?: number) =>
  Effect.gen(function* () {
    const cameras = rig.ownership.on(node.pid)
    const rest = others(rig, node)
    const at = wallClock()
    node.signal("SIGKILL")
    yield* node.ended
    yield* rig.settled(rest, seconds)
    return untilElsewhere(rig, cameras, node.pid, at)
  })

/** Ends a node in order: it gives its cameras away first. */
export const endNode = (rig: ClusterRig, node: LightNode) =>
  Effect.gen(function* () {
    const rest = others(rig, node)
    const at = wallClock()
    node.signal("SIGTERM")
    const { code } = yield* node.ended
    yield* rig.settled(rest)
    return { ...pauses(rig, at), code }
  })

/** A node (again): cameras come to it. */
export const joinNode = (rig: ClusterRig, name: string) =>
  Effect.gen(function* () {
    const at = wallClock()
    const node = yield* rig.start(name)
    yield* until(`cameras on ${name}`, () => rig.ownership.on(node.pid).length > 0)
    yield* quiet(rig)
    return { node, ...pauses(rig, at) }
  })

/** Waits until all cameras run, and none has moved for a second and a half. */
export const quiet = (rig: ClusterRig, nodes?: ReadonlyArray<LightNode>) =>
  Effect.gen(function* () {
    let since = performance.now()
    let before = -1
    while (performance.now() - since < 1500) {
      yield* rig.settled(nodes)
      const now = rig.ownership.runs().length
      if (now !== before) since = performance.now()
      before = now
      yield* Effect.sleep("50 millis")
    }
  })

/** A node stands still, and goes on once its cameras run elsewhere. `overlap`: the longest time that two actors of a camera both ran after that. */
export const freezeNode = (rig: ClusterRig, node: LightNode) =>
  Effect.gen(function* () {
    const cameras = rig.ownership.on(node.pid)
    const rest = others(rig, node)
    const at = wallClock()
    node.signal("SIGSTOP")
    yield* rig.settled(rest).pipe(Effect.onError(() => Effect.sync(() => node.signal("SIGCONT"))))
    const moved = untilElsewhere(rig, cameras, node.pid, at)
    const resumed = wallClock()
    node.signal("SIGCONT")
    const old = rig.ownership.runs().filter((run) => run.process === node.pid && run.until === undefined)
    yield* until(`${node.name} gives up what others run`, () => old.every((run) => run.until !== undefined))
    const overlap = Math.max(0, ...old.map((run) => (run.until ?? resumed) - resumed))
    return { ...moved, overlap }
  })

/** Does something that must not start any camera anew; answers how many were. */
export const undisturbed = <A, E, R>(rig: ClusterRig, work: Effect.Effect<A, E, R>, seconds: number) =>
  Effect.gen(function* () {
    const before = yield* rig.epochs
    yield* work
    yield* Effect.sleep(seconds * 1000)
    yield* rig.settled()
    const after = yield* rig.epochs
    return [...after].filter(([camera, epoch]) => epoch !== before.get(camera)).length
  })

export const restartNats = ({ nats }: ClusterRig, seconds: number) =>
  nats.stop().pipe(Effect.zipRight(Effect.sleep(seconds * 1000)), Effect.zipRight(nats.start))

export const databaseAway = ({ postgres }: ClusterRig, seconds: number) =>
  postgres.stop.pipe(Effect.zipRight(Effect.sleep(seconds * 1000)), Effect.zipRight(postgres.start))
