import type { CameraId, TenantId } from "../Ids.js"
import type { NodeCapacity, NodeLoad, NodeName, NodeReport, NodeState } from "../Node.js"
import { type BalancePolicy, defaultBalancePolicy } from "./BalancePolicy.js"
import { admits, tenantLabel } from "./NodeLabels.js"

/** Cameras that went to a node, and when; times are milliseconds of one clock. */
interface Sent {
  readonly to: NodeName
  readonly at: number
}

/** What a node remembers to keep its load in bounds. */
export interface NodeBalance {
  /** Since when its load is over its budget. */
  readonly overSince: number | undefined
  /** It is full by its load: more cameras than these do not run here until it is well under its budget again. */
  readonly ceiling: number | undefined
  /** When it may give away the next batch because of its load, and the next cameras that have to go anyway. */
  readonly nextBatch: number
  readonly nextUrgent: number
  readonly sent: ReadonlyArray<Sent>
  /** Nodes that did not start what they were given, and cameras that were not taken, until when. */
  readonly avoided: ReadonlyMap<NodeName, number>
  readonly resting: ReadonlyMap<CameraId, number>
}

export const initialBalance: NodeBalance = {
  overSince: undefined,
  ceiling: undefined,
  nextBatch: 0,
  nextUrgent: 0,
  sent: [],
  avoided: new Map(),
  resting: new Map()
}

/** A camera that runs on the node, or should and was refused. */
export interface HostedCamera {
  readonly id: CameraId
  readonly tenantId: TenantId
  readonly running: boolean
  /** Set of a camera that was placed on the node; absent where its shard brought it. */
  readonly placed?: { readonly moves: number; readonly at: number }
}

export interface CameraMove {
  readonly cameraId: CameraId
  readonly to: NodeName
}

/** A budget of 1 is no limit: with all of the processor taken there is no measuring how much more would be needed. */
const isOverProcessor = (load: NodeLoad, { cpu }: NodeCapacity, share: number) => cpu < 1 && load.cpu >= cpu * share

const isOver = (load: NodeLoad, capacity: NodeCapacity, share: number): boolean =>
  isOverProcessor(load, capacity, share) || load.memory >= capacity.memory * share

/** Takes note of the node's load. */
export const observe = (
  balance: NodeBalance,
  load: NodeLoad,
  capacity: NodeCapacity,
  now: number,
  policy: BalancePolicy = defaultBalancePolicy
): NodeBalance => {
  if (balance.ceiling !== undefined) {
    return isOver(load, capacity, policy.relaxed) ? balance : { ...balance, overSince: undefined, ceiling: undefined }
  }
  if (!isOver(load, capacity, 1)) return balance.overSince === undefined ? balance : { ...balance, overSince: undefined }
  const overSince = balance.overSince ?? now
  return { ...balance, overSince, ceiling: now - overSince >= policy.fullAfter ? load.cameras : undefined }
}

/** The state that the node reports. */
export const stateOf = (balance: NodeBalance, load: NodeLoad, capacity: NodeCapacity, draining: boolean): NodeState => {
  if (draining) return "draining"
  return balance.ceiling !== undefined || load.cameras >= capacity.cameras ? "full" : "up"
}

const percent = (share: number) => `${Math.round(share * 100)} %`
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`

/** Why the node does not start a further camera of this tenant while it runs so many; nothing where it does. */
export const refusalOf = (
  balance: NodeBalance,
  { capacity, labels, load, state }: Pick<NodeReport, "capacity" | "labels" | "load" | "state">,
  camera: { readonly tenantId: TenantId },
  running: number,
  policy: BalancePolicy = defaultBalancePolicy
): string | undefined => {
  if (state === "draining") return "the node is draining"
  if (!admits(labels, camera.tenantId)) return `the node takes cameras of the tenant ${labels[tenantLabel]} only`
  if (running >= capacity.cameras) return `the node is full: ${running} of ${capacity.cameras} cameras`
  if (balance.ceiling === undefined || running < balance.ceiling) return undefined
  return isOverProcessor(load, capacity, policy.relaxed)
    ? `the node is full: it uses ${percent(load.cpu)} of its processors and may use ${percent(capacity.cpu)}`
    : `the node is full: it uses ${gigabytes(load.memory)} of memory and may use ${gigabytes(capacity.memory)}`
}

/** What one camera adds to a node, by the larger of what the giver's and the taker's cameras do on average. */
const costs = (giver: NodeLoad, taker: NodeLoad) => {
  const average = (of: (load: NodeLoad) => number) =>
    Math.max(...[giver, taker].map((load) => (load.cameras === 0 ? 0 : of(load) / load.cameras)))
  return {
    cpu: Math.max(
      average(({ cpu }) => cpu),
      1e-4
    ),
    memory: Math.max(
      average(({ memory }) => memory),
      1
    )
  }
}

interface View {
  readonly self: NodeReport
  readonly peers: ReadonlyArray<NodeReport>
  readonly cameras: ReadonlyArray<HostedCamera>
  readonly now: number
}

/** How many further cameras a node has room for, up to a share of its budget. */
const roomOf = (balance: NodeBalance, { now, self }: View, taker: NodeReport, share: number, policy: BalancePolicy): number => {
  const { capacity, load } = taker
  const each = costs(self.load, load)
  const since = (time: number) => balance.sent.filter(({ at, to }) => to === taker.name && now - at < time).length
  return Math.floor(
    Math.min(
      capacity.cameras - load.cameras - since(policy.settle),
      (capacity.cpu * share - load.cpu) / each.cpu - since(policy.calm),
      (capacity.memory * share - load.memory) / each.memory - since(policy.calm)
    )
  )
}

/**
 * The part of a node's room that is this node's to fill, so that several that give at once do not overfill it. What does not divide evenly goes round
 * among them by the clock.
 */
const shareOf = (room: number, { now, peers, self }: View, policy: BalancePolicy): number => {
  const givers = [...peers.filter(({ state }) => state === "full" || state === "draining"), self].map(({ name }) => name).sort()
  const turn = (givers.indexOf(self.name) + Math.floor(now / policy.calm)) % givers.length
  return Math.floor(room / givers.length) + (turn < room % givers.length ? 1 : 0)
}

interface Taker {
  readonly report: NodeReport
  room: number
}

const takersFor = (balance: NodeBalance, view: View, share: number, policy: BalancePolicy): ReadonlyArray<Taker> =>
  view.peers
    .filter(({ name, roles, state }) => {
      const isAvoided = (balance.avoided.get(name) ?? 0) > view.now
      return name !== view.self.name && state === "up" && roles.includes("camera") && !isAvoided
    })
    .map((report) => ({ report, room: shareOf(Math.max(0, roomOf(balance, view, report, share, policy)), view, policy) }))

/** Gives each camera to whoever has the most room and may have it; those that nobody has room for stay. */
const assign = (cameras: ReadonlyArray<HostedCamera>, most: number, takers: ReadonlyArray<Taker>): ReadonlyArray<CameraMove> => {
  const moves: Array<CameraMove> = []
  for (const camera of cameras) {
    if (moves.length >= most) break
    const able = takers.filter(({ report, room }) => room > 0 && admits(report.labels, camera.tenantId))
    const [taker] = able.sort((a, b) => b.room - a.room || (a.report.name < b.report.name ? -1 : 1))
    if (taker === undefined) continue
    taker.room--
    moves.push({ cameraId: camera.id, to: taker.report.name })
  }
  return moves
}

const isResting = (balance: NodeBalance, { id, placed }: HostedCamera, now: number, policy: BalancePolicy): boolean => {
  if ((balance.resting.get(id) ?? 0) > now) return true
  if (placed === undefined) return false
  return now - placed.at < Math.min(policy.restLimit, policy.rest * 2 ** Math.max(0, placed.moves - 1))
}

/** Those that cannot stay: refused, of a tenant that the node is not for, more than it may have, or placed here while it drains. */
const urgentOf = ({ cameras, self }: View): ReadonlyArray<HostedCamera> => {
  const surplus = cameras.filter(({ running }) => running).slice(self.capacity.cameras)
  return cameras.filter(
    (camera) =>
      !camera.running ||
      !admits(self.labels, camera.tenantId) ||
      surplus.includes(camera) ||
      (self.state === "draining" && camera.placed !== undefined)
  )
}

/** How many cameras a full node gives away now: towards well under its budget, a small part at a time, and never the last one. */
const batchOf = ({ cameras, self: { capacity, load } }: View, policy: BalancePolicy): number => {
  const running = cameras.filter((camera) => camera.running).length
  const excess = (used: number, budget: number) =>
    used >= budget ? Math.ceil(running * (1 - (budget * policy.relaxed) / used)) : 0
  const most = Math.max(1, Math.ceil(running * policy.batch))
  const cpu = isOverProcessor(load, capacity, 1) ? excess(load.cpu, capacity.cpu) : 0
  return Math.min(running - 1, most, Math.max(cpu, excess(load.memory, capacity.memory)))
}

const remember = (balance: NodeBalance, moves: ReadonlyArray<CameraMove>, now: number, policy: BalancePolicy): NodeBalance => ({
  ...balance,
  sent: [...balance.sent.filter(({ at }) => now - at < policy.calm), ...moves.map(({ to }) => ({ to, at: now }))],
  avoided: new Map([...balance.avoided].filter(([, until]) => until > now)),
  resting: new Map([...balance.resting].filter(([, until]) => until > now))
})

/**
 * Which cameras the node gives to whom now. It only ever gives to nodes that have room and stay under their budgets by it, gives a full node's
 * cameras away in small batches with calm between them, and lets a camera that was moved rest: so that for loads that do not change it comes to an end.
 */
export const plan = (
  balance: NodeBalance,
  view: View,
  policy: BalancePolicy = defaultBalancePolicy
): readonly [NodeBalance, ReadonlyArray<CameraMove>] => {
  const { now } = view
  const urgent = now < balance.nextUrgent ? [] : urgentOf(view)
  if (urgent.length > 0) {
    const moves = assign(urgent, policy.urgentBatch, takersFor(balance, view, policy.urgent, policy))
    if (moves.length > 0) return [{ ...remember(balance, moves, now, policy), nextUrgent: now + policy.settle }, moves]
  }
  if (balance.ceiling === undefined || now < balance.nextBatch || view.self.state === "draining") return [balance, []]
  const most = batchOf(view, policy)
  if (most <= 0) return [balance, []]
  const movable = view.cameras
    .filter((camera) => camera.running && !isResting(balance, camera, now, policy))
    .sort((a, b) => (a.placed?.moves ?? 0) - (b.placed?.moves ?? 0) || (a.id < b.id ? -1 : 1))
  const moves = assign(movable, most, takersFor(balance, view, policy.relaxed, policy))
  if (moves.length === 0) return [balance, []]
  const ceiling = Math.max(1, balance.ceiling - moves.length)
  return [{ ...remember(balance, moves, now, policy), ceiling, nextBatch: now + policy.calm }, moves]
}

/** The node did not start the camera: it rests here, and the node is given nothing for a while. */
export const takenBack = (
  balance: NodeBalance,
  { cameraId, to }: CameraMove,
  now: number,
  policy: BalancePolicy = defaultBalancePolicy
): NodeBalance => ({
  ...balance,
  avoided: new Map(balance.avoided).set(to, now + policy.avoid),
  resting: new Map(balance.resting).set(cameraId, now + policy.rest)
})
