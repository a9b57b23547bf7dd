import { describe, expect, it } from "@effect/vitest"
import { type Camera, NewCamera } from "@vigil/core/Camera"
import type { ClusterStatus } from "@vigil/core/ClusterStatus"
import { defaultTenant, TenantId } from "@vigil/core/Ids"
import { NodeName } from "@vigil/core/Node"
import { defaultBalancePolicy } from "@vigil/core/placement/BalancePolicy"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { ClusterControl } from "@vigil/core/port/ClusterControl"
import { PlacementStore } from "@vigil/core/port/PlacementStore"
import { hasNatsServer, startNatsServer } from "@vigil/fixtures/peer/NatsServer"
import { hasPostgres, startPostgresServer } from "@vigil/fixtures/peer/PostgresServer"
import { ConfigProvider, Context, Effect, Exit, Layer, Schedule, Schema, Scope } from "effect"
import { temporaryFolder } from "../Vigil.js"
import { layerPlayedNode, type PlayedNodeOptions, type SourceRecord } from "./PlayedNode.js"

/** The policy with a hundredth of its patience. */
const policy = { ...defaultBalancePolicy, fullAfter: 300, calm: 1500, settle: 1200, rest: 60_000, avoid: 5000 }

const [north, south] = [NodeName.make("north"), NodeName.make("south")]

type Fields = Partial<Pick<PlayedNodeOptions, "capacity" | "labels" | "costPerCamera">>

/** Real servers of the test's own, and what is done with nodes on them. */
const makeSite = Effect.gen(function* () {
  const { url: natsUrl } = yield* startNatsServer()
  const { url: databaseUrl } = yield* startPostgresServer
  const folder = yield* temporaryFolder
  const records: Array<SourceRecord> = []
  const start = (name: NodeName, fields: Fields = {}) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
      const context = yield* Layer.buildWithScope(
        layerPlayedNode({ name, policy, natsUrl, databaseUrl, folder, records, ...fields }),
        scope
      ).pipe(Effect.withConfigProvider(ConfigProvider.fromMap(new Map())))
      return {
        control: Context.get(context, ClusterControl),
        cameras: Context.get(context, CameraStore),
        places: Context.get(context, PlacementStore),
        end: Scope.close(scope, Exit.void)
      }
    })
  return { start, records }
})

type Started = Effect.Effect.Success<ReturnType<Effect.Effect.Success<typeof makeSite>["start"]>>

const add = ({ cameras }: Started, count: number, from = 0) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => `camera-${String(from + index).padStart(2, "0")}`),
    (name) =>
      Effect.flatMap(Schema.decode(NewCamera)({ name, url: `rtsp://192.0.2.7/${name}` }), (camera) =>
        cameras.create(defaultTenant, camera)
      )
  )

const until = ({ control }: Started, what: string, holds: (status: ClusterStatus) => boolean) =>
  control.status.pipe(
    Effect.tap((status) => (holds(status) ? Effect.void : Effect.sleep("100 millis"))),
    Effect.repeat({ until: holds }),
    Effect.timeoutTo({
      duration: "2 minutes",
      onSuccess: (status) => Effect.succeed(status),
      onTimeout: () =>
        Effect.flatMap(control.status, (status) => Effect.fail(new Error(`never: ${what}: ${JSON.stringify(status)}`)))
    }),
    Effect.flatten
  )

const bothHave = ({ nodes }: ClusterStatus) => nodes.length === 2 && nodes.every(({ shards }) => shards > 100)

const nodeOf = (status: ClusterStatus, name: NodeName) => status.nodes.find((node) => node.name === name)

const of = (records: ReadonlyArray<SourceRecord>, { url }: Camera) =>
  records.filter((record) => record.url === url).sort((a, b) => a.opened - b.opened)

/** Times at which a camera ran twice, and the longest that one ran nowhere between two of its nodes. */
const continuity = (records: ReadonlyArray<SourceRecord>, cameras: ReadonlyArray<Camera>) => {
  let overlaps = 0
  let longest = 0
  for (const camera of cameras) {
    const own = of(records, camera)
    for (const [index, record] of own.entries()) {
      const closed = own[index - 1]?.closed
      if (index === 0) continue
      if (closed === undefined || closed > record.opened) overlaps++
      else longest = Math.max(longest, record.opened - closed)
    }
  }
  return { overlaps, longest }
}

const moves = (records: ReadonlyArray<SourceRecord>, cameras: ReadonlyArray<Camera>) =>
  cameras.map((camera) => of(records, camera).length - 1)

/** Milliseconds; `bench failover` has the figures, this tells a camera that moved from one that was forgotten and found again. */
const longestPause = 10_000

describe.skipIf(!hasNatsServer || !hasPostgres)("two nodes [needs nats-server and postgresql]", () => {
  it.scopedLive(
    "share what is too much for one, each camera once and never on both, and then are quiet",
    () =>
      Effect.gen(function* () {
        const { records, start } = yield* makeSite
        const first = yield* start(north, { costPerCamera: 0.02, capacity: { cpu: 0.1 } })
        yield* start(south, { costPerCamera: 0.02, capacity: { cpu: 0.9 } })
        yield* until(first, "both have their part", bothHave)
        const cameras = yield* add(first, 30)
        yield* until(first, "north is full", (status) => nodeOf(status, north)?.state === "full")
        const settled = yield* until(
          first,
          "north is under its budget",
          (status) => (nodeOf(status, north)?.load.cpu ?? 1) < 0.1 && status.cameras.running === 30
        )
        // It takes no further ones before it is well under it.
        expect(nodeOf(settled, north)?.state).toBe("full")
        const before = records.length
        expect(before).toBeGreaterThan(30)
        const settledPlaces = yield* first.places.overrides
        // Several times as long as a node is calm after a batch.
        yield* Effect.sleep("5 seconds")
        expect(records).toHaveLength(before)
        expect(Math.max(...moves(records, cameras))).toBe(1)
        const { longest, overlaps } = continuity(records, cameras)
        expect(overlaps).toBe(0)
        expect(longest).toBeLessThan(longestPause)
        const placed = yield* first.places.overrides
        expect(placed.map(({ moves: count, node }) => [node, count])).toEqual(placed.map(() => [south, 1]))
        expect(placed).toHaveLength(settledPlaces.length)
        // Each that moved, and such as had not begun where they were.
        expect(placed.length).toBeGreaterThanOrEqual(before - 30)
      }),
    400_000
  )

  it.scopedLive(
    "refuse what they have no room for, visibly, until there is room",
    () =>
      Effect.gen(function* () {
        const { records, start } = yield* makeSite
        const first = yield* start(north, { capacity: { cameras: 3 } })
        const second = yield* start(south, { capacity: { cameras: 4 } })
        yield* until(first, "both have their part", bothHave)
        const cameras = yield* add(first, 10)
        const full = yield* until(
          first,
          "seven run and three are refused",
          ({ cameras: { running, unplaced }, nodes }) =>
            running === 7 &&
            nodes.every(({ state }) => state === "full") &&
            unplaced.length === 3 &&
            unplaced.every(({ reason }) => reason.includes("full"))
        )
        expect(full.cameras.desired).toBe(10)
        expect(full.cameras.unplaced.map(({ reason }) => reason)).toContainEqual(
          expect.stringMatching(/^the node is full: (3 of 3|4 of 4) cameras$/)
        )
        expect((yield* second.control.status).cameras).toEqual(full.cameras)
        const running = cameras.filter(({ id }) => !full.cameras.unplaced.some(({ cameraId }) => cameraId === id))
        yield* Effect.forEach(running.slice(0, 4), ({ id }) => first.cameras.remove(defaultTenant, id))
        const after = yield* until(first, "all that are left run", ({ cameras: { desired, running: count } }) => {
          return desired === 6 && count === 6
        })
        expect(after.cameras.unplaced).toEqual([])
        yield* first.places.refusals.pipe(
          Effect.repeat({ until: (refusals) => refusals.length === 0, schedule: Schedule.spaced("50 millis") }),
          Effect.timeout("1 minute")
        )
        expect(continuity(records, cameras).overlaps).toBe(0)
      }),
    400_000
  )

  it.scopedLive(
    "are drained, resumed and rebalanced by hand",
    () =>
      Effect.gen(function* () {
        const { records, start } = yield* makeSite
        const first = yield* start(north)
        const second = yield* start(south)
        yield* until(first, "both have their part", bothHave)
        const cameras = yield* add(first, 12)
        const spread = yield* until(first, "all run", ({ cameras: { running } }) => running === 12)
        const here = nodeOf(spread, north)?.load.cameras ?? 0
        expect(here).toBeGreaterThan(0)
        expect(here).toBeLessThan(12)

        // Some of them not where the shards say.
        const homes = new Map(cameras.map((camera) => [camera.id, of(records, camera)[0]?.node]))
        const strays = cameras.filter(({ id }) => homes.get(id) === south).slice(0, 2)
        yield* first.places.place(
          strays.map(({ id }) => id),
          north
        )
        yield* until(
          first,
          "two more on north",
          (status) => nodeOf(status, north)?.load.cameras === here + 2 && status.cameras.running === 12
        )
        const before = records.length
        expect(yield* second.control.rebalance).toBe(2)
        yield* until(
          first,
          "they are back",
          (status) => nodeOf(status, north)?.load.cameras === here && status.cameras.running === 12
        )
        expect(records).toHaveLength(before + 2)
        expect(yield* first.places.overrides).toEqual([])

        expect(yield* second.control.drain(north)).toBe(here)
        const drained = yield* until(second, "north is empty", (status) => nodeOf(status, north)?.load.cameras === 0)
        expect(nodeOf(drained, north)).toMatchObject({ state: "draining", shards: 0 })
        yield* until(second, "south has all", ({ cameras: { running } }) => running === 12)
        const last = yield* Effect.flip(second.control.drain(south))
        expect(last).toMatchObject({ _tag: "NodeUnavailable", node: south })
        expect(nodeOf(yield* second.control.status, south)?.state).toBe("up")

        yield* second.control.resume(north)
        yield* until(
          first,
          "north has its part again, and all run",
          (status) => nodeOf(status, north)?.load.cameras === here && status.cameras.running === 12
        )
        const { longest, overlaps } = continuity(
          records,
          cameras.filter((camera) => !strays.includes(camera))
        )
        expect(overlaps).toBe(0)
        expect(longest).toBeLessThan(longestPause)
      }),
    400_000
  )

  it.scopedLive(
    "leave cameras of other tenants to the other, and have them when it ends",
    () =>
      Effect.gen(function* () {
        const { records, start } = yield* makeSite
        const first = yield* start(north)
        const own = TenantId.make("00000000-0000-4000-8000-00000000abcd")
        const second = yield* start(south, { labels: { tenant: own } })
        yield* until(first, "both have their part", bothHave)
        const cameras = yield* add(first, 8)
        yield* until(first, "all run on north", (status) => nodeOf(status, north)?.load.cameras === 8)
        expect(records.every(({ node }) => node === north)).toBe(true)
        expect((yield* first.places.overrides).length).toBeGreaterThan(0)
        yield* first.end
        const left = yield* until(second, "nobody may have them", ({ cameras: { running, unplaced } }) => {
          return running === 0 && unplaced.every(({ reason }) => reason.includes(own))
        })
        expect(left.cameras.unplaced).toHaveLength(8)
        expect(left.nodes.map(({ name }) => name)).toEqual([south])
        expect(continuity(records, cameras).overlaps).toBe(0)
      }),
    400_000
  )
})
