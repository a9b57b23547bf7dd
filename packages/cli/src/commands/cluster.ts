import { Args, Command } from "@effect/cli"
import { ClusterStatus, MovedCameras } from "@vigil/core/ClusterStatus"
import { NodeName, type NodeReport } from "@vigil/core/Node"
import { Console, Effect, Schema } from "effect"
import { listCameras } from "../camera/CameraReference.js"
import { described } from "../Help.js"
import * as Server from "../operator/Server.js"
import { overHttp, overRpc } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { bytes, decodeTyped, json, printJson, table } from "../Output.js"

const percent = (share: number) => `${Math.round(share * 100)} %`

const labelsOf = (labels: NodeReport["labels"]): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(" ") || "-"

const nodeRow = ({ capacity, labels, load, name, roles, shards, state, version }: NodeReport) => [
  name,
  state,
  roles.join(","),
  `${load.cameras}/${capacity.cameras}`,
  `${percent(load.cpu)}/${percent(capacity.cpu)}`,
  `${bytes(load.memory)}/${bytes(capacity.memory)}`,
  String(shards),
  version,
  labelsOf(labels)
]

const nodeHeadings = ["NODE", "STATE", "ROLES", "CAMERAS", "CPU", "MEMORY", "SHARDS", "VERSION", "LABELS"]

/** Unplaced cameras at the most that are told in a table. */
const mostUnplaced = 20

const unplacedText = ({ cameras: { unplaced } }: ClusterStatus) =>
  Effect.gen(function* () {
    if (unplaced.length === 0) return []
    const names = new Map((yield* listCameras).map(({ id, name }) => [id, name]))
    const rows = unplaced
      .slice(0, mostUnplaced)
      .map(({ cameraId, node, reason }) => [names.get(cameraId) ?? cameraId, node ?? "-", reason])
    const more = unplaced.length - rows.length
    return ["", table(["NOT RUNNING", "NODE", "WHY"], rows), ...(more > 0 ? [`and ${more} more`] : [])]
  })

const text = (status: ClusterStatus) =>
  Effect.map(unplacedText(status), (unplaced) => {
    const { cameras, name, nodes, shards } = status
    return [
      `cluster ${name}: ${cameras.running} of ${cameras.desired} cameras run, ${shards.assigned} of ${shards.total} shards are held`,
      "",
      table(nodeHeadings, nodes.map(nodeRow)),
      ...unplaced
    ].join("\n")
  })

const status = Command.make("status", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const current = yield* overHttp((http) => http.cluster.status())
    if (options.json) return yield* printJson(ClusterStatus)(current)
    yield* Console.log(yield* text(current))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "The nodes, their shards, cameras and load, and the cameras that no node takes, with the reason.",
      "vigil cluster status --json"
    )
  )
)

const node = Args.text({ name: "node" }).pipe(Args.withDescription("The node's name, as `vigil cluster status` tells it."))

const count = (cameras: number) => (cameras === 1 ? "1 camera" : `${cameras} cameras`)

const drain = Command.make("drain", { node, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const name = yield* decodeTyped(NodeName, "node")(options.node)
    const moved = yield* overRpc((rpc) => rpc.DrainNode({ node: name }))
    if (options.json) return yield* printJson(MovedCameras)(moved)
    yield* Console.log(`${name} gave ${count(moved.cameras)} away and takes none. \`vigil cluster resume ${name}\` ends that.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Give all cameras of a node to others, before its machine is serviced. Returns when the last one is gone.",
      "vigil cluster drain north-1"
    )
  )
)

const Resumed = Schema.Struct({ node: NodeName })

const resume = Command.make("resume", { node, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const name = yield* decodeTyped(NodeName, "node")(options.node)
    yield* overRpc((rpc) => rpc.ResumeNode({ node: name }))
    if (options.json) return yield* printJson(Resumed)({ node: name })
    yield* Console.log(`${name} takes cameras again.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Let a node that was drained take cameras again.", "vigil cluster resume north-1")))

const rebalance = Command.make("rebalance", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const moved = yield* overRpc((rpc) => rpc.RebalanceCluster())
    if (options.json) return yield* printJson(MovedCameras)(moved)
    yield* Console.log(`${count(moved.cameras)} went back to where the shards say.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Give cameras that full or draining nodes gave away back to the nodes that their shards say, where there is room.",
      "vigil cluster rebalance"
    )
  )
)

export const clusterCommand = Command.make("cluster").pipe(
  Command.withDescription(
    described(
      "The nodes of the running Vigil: see them and steer which of them run cameras.",
      "vigil cluster status",
      "vigil cluster drain north-1",
      "vigil cluster resume north-1"
    )
  ),
  Command.withSubcommands([status, drain, resume, rebalance])
)
