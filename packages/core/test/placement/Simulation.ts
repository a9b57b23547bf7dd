import { CameraId, defaultTenant, type TenantId } from "@vigil/core/Ids"
import { NodeName, type NodeReport } from "@vigil/core/Node"
import {
  type CameraMove,
  initialBalance,
  type NodeBalance,
  observe,
  plan,
  refusalOf,
  stateOf,
  takenBack
} from "@vigil/core/placement/NodeBalance"
import { DateTime } from "effect"

/** A `stranger` is for another tenant than that of the cameras. */
export type NodeKind = "up" | "draining" | "unreachable" | "stranger"

export interface SimulationSettings {
  readonly nodes: ReadonlyArray<{
    readonly cameras: number
    readonly cpu: number
    readonly cores: number
    readonly state: NodeKind
    readonly base: number
  }>
  /** `cost` in cores. */
  readonly cameras: ReadonlyArray<{ readonly cost: number; readonly home: number }>
}

interface PlayedCamera {
  readonly id: CameraId
  readonly tenantId: TenantId
  readonly cost: number
  running: boolean
  node: Node
  placed?: { readonly moves: number; readonly at: number }
}

interface Node {
  readonly settings: SimulationSettings["nodes"][number]
  readonly report: NodeReport
  readonly samples: Array<number>
  balance: NodeBalance
  current: NodeReport
  /** As the others know it. */
  seen: NodeReport
}

interface Move extends CameraMove {
  readonly at: number
  readonly from: string
  /** It ran, and could have stayed. */
  readonly voluntary: boolean
}

const gigabyte = 1e9

/** Nodes and cameras in seconds: loads are averaged over ten of them, and reports are known a second later. */
export const makeSimulation = (settings: SimulationSettings) => {
  const moves: Array<Move> = []
  const violations: Array<string> = []
  let now = 0

  const nodes = settings.nodes.map((node, index): Node => {
    const report: NodeReport = {
      name: NodeName.make(`node-${index}`),
      version: "1",
      roles: ["camera"],
      labels: node.state === "stranger" ? { tenant: "another" } : {},
      state: node.state === "draining" || node.state === "unreachable" ? node.state : "up",
      capacity: { cameras: node.cameras, cpu: node.cpu, memory: 100 * gigabyte },
      load: { cameras: 0, cpu: node.base, memory: gigabyte },
      shards: 1,
      startedAt: DateTime.unsafeMake(0),
      reportedAt: DateTime.unsafeMake(0)
    }
    return { settings: node, report, samples: [], balance: initialBalance, current: report, seen: report }
  })
  const living = nodes.filter(({ settings: { state } }) => state !== "unreachable")

  const cameras = settings.cameras.flatMap((camera, index): ReadonlyArray<PlayedCamera> => {
    const node = living[camera.home % living.length]
    if (node === undefined) return []
    return [
      {
        id: CameraId.make(`00000000-0000-4000-8000-${String(index).padStart(12, "0")}`),
        tenantId: defaultTenant,
        cost: camera.cost,
        running: false,
        node
      }
    ]
  })

  const hostedBy = (node: Node) => cameras.filter((camera) => camera.node === node)
  const countOf = (node: Node) => hostedBy(node).filter(({ running }) => running).length
  const refusal = (node: Node, camera: PlayedCamera) => refusalOf(node.balance, node.current, camera, countOf(node))

  const measure = (node: Node) => {
    const used = hostedBy(node).reduce((sum, { cost, running }) => sum + (running ? cost : 0), 0)
    node.samples.push(Math.min(1, node.settings.base + used / node.settings.cores))
    if (node.samples.length > 10) node.samples.shift()
    const cpu = node.samples.reduce((sum, sample) => sum + sample, 0) / node.samples.length
    const load = { cameras: countOf(node), cpu, memory: gigabyte }
    const { capacity } = node.report
    node.balance = observe(node.balance, load, capacity, now)
    const isDraining = node.settings.state === "draining"
    node.current = { ...node.report, load, state: stateOf(node.balance, load, capacity, isDraining) }
  }

  const perform = (from: Node, move: CameraMove) => {
    const camera = cameras.find(({ id }) => id === move.cameraId)
    const to = nodes.find(({ report }) => report.name === move.to)
    if (camera === undefined || to === undefined || camera.node !== from) {
      violations.push(`${move.cameraId} is not ${from.report.name}'s to give`)
      return
    }
    if (to.seen.state !== "up" || to === from || to.settings.state !== "up") {
      violations.push(`a ${to.settings.state} node was given a camera`)
    }
    const rested = camera.placed === undefined || now - camera.placed.at >= 300_000
    const voluntary = camera.running && from.settings.state === "up"
    if (voluntary && !rested) violations.push(`${camera.id} had no rest`)
    moves.push({ ...move, at: now, from: from.report.name, voluntary })
    if (refusal(to, camera) === undefined) {
      camera.node = to
      camera.running = true
      camera.placed = { moves: (camera.placed?.moves ?? 0) + 1, at: now }
    } else from.balance = takenBack(from.balance, move, now)
  }

  const second = () => {
    now += 1000
    for (const node of living) {
      node.seen = node.current
      for (const camera of hostedBy(node)) if (!camera.running && refusal(node, camera) === undefined) camera.running = true
      measure(node)
    }
    for (const node of living) {
      const peers = nodes.filter((other) => other !== node).map(({ seen }) => seen)
      const [balance, planned] = plan(node.balance, { self: node.current, peers, cameras: hostedBy(node), now })
      node.balance = balance
      for (const move of planned) perform(node, move)
    }
  }

  return {
    moves,
    violations,
    run: (seconds: number) => {
      for (let passed = 0; passed < seconds; passed++) second()
    },
    movesByCamera: () => {
      const counts = new Map<CameraId, number>()
      for (const { cameraId } of moves) counts.set(cameraId, (counts.get(cameraId) ?? 0) + 1)
      return counts
    },
    /** Nodes that run more cameras than they may. */
    overfilled: () => living.filter((node) => countOf(node) > node.report.capacity.cameras).map(({ report }) => report.name),
    running: () => living.map((node) => countOf(node)),
    load: () => living.map(({ current }) => current.load.cpu)
  }
}
