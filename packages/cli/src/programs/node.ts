import { ServerAddress } from "@vigil/api/http/HttpListener"
import { setupLink } from "@vigil/api/Server"
import { addressOf, toUrl } from "@vigil/api/database/Connection"
import type { DatabaseError } from "@vigil/api/database/DatabaseError"
import { NodeCapacity, NodeName, NodeRole } from "@vigil/core/Node"
import { ClusterNode } from "@vigil/runtime/cluster/ClusterNode"
import { giveAway } from "@vigil/runtime/placement/GiveAway"
import { capacityOfMachine, nodeNameOf } from "@vigil/runtime/placement/ThisNode"
import { Config, Console, Effect, Option, Redacted, Schedule, Schema } from "effect"
import { existsSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { readyDataFolder } from "../Installation.js"
import { addressArgument, natsArgument } from "../NatsArgument.js"
import * as Node from "../Node.js"
import { CommandFailed, decodeTyped, UsageError } from "../Output.js"
import * as Telemetry from "../Telemetry.js"

export interface NodeArguments {
  readonly name: Option.Option<string>
  readonly nats: Option.Option<string>
  readonly postgres: Option.Option<string>
  readonly roles: string
  readonly capacity: Option.Option<number>
  readonly labels: Option.Option<Iterable<readonly [string, string]>>
  readonly json: boolean
}

const joinLimit = "30 seconds"

const databaseUrl = (typed: Option.Option<string>) =>
  Effect.gen(function* () {
    const given = yield* addressArgument("postgres", typed, "VIGIL_DATABASE_URL, PGPASSWORD or ~/.pgpass")
    const url = Option.isSome(given)
      ? Option.some(Redacted.make(given.value))
      : yield* Config.option(Config.redacted("VIGIL_DATABASE_URL"))
    return yield* Effect.mapError(
      url,
      () => new UsageError({ detail: "where is PostgreSQL? Set VIGIL_DATABASE_URL, or give --postgres" })
    )
  })

/** Cameras' passwords are encrypted with one key for all nodes; one that a node made for itself would be of no use. */
const checkKey = (folder: string) =>
  Effect.gen(function* () {
    const file = join(folder, "key")
    if (Option.isSome(yield* Config.option(Config.redacted("VIGIL_KEY"))) || existsSync(file)) return
    return yield* new CommandFailed({
      detail: `all nodes of a cluster need the same key for cameras' passwords: set VIGIL_KEY (openssl rand -base64 32), or put the key into ${file}`
    })
  })

const formOf = (options: NodeArguments) =>
  Effect.gen(function* () {
    const name = yield* Option.match(options.name, {
      onNone: () => Effect.succeed(nodeNameOf(hostname())),
      onSome: decodeTyped(NodeName, "--name")
    })
    const roles = yield* decodeTyped(
      Schema.NonEmptyArray(NodeRole),
      "--roles"
    )(options.roles.split(",").map((role) => role.trim()))
    const capacity = yield* decodeTyped(NodeCapacity, "--capacity")(capacityOfMachine(Option.getOrUndefined(options.capacity)))
    const nats = yield* natsArgument(options.nats)
    const url = yield* databaseUrl(options.postgres)
    const folder = yield* readyDataFolder
    yield* checkKey(folder)
    const labels = Object.fromEntries(Option.getOrElse(options.labels, () => []))
    const database = toUrl(url)
    return { place: addressOf(database), form: { name, roles, capacity, labels, nats, database, dataFolder: folder } }
  })

/** Waits until the others may see this node, and says so. */
const announce = <E, R>(form: Node.NodeForm, served: Effect.Effect<Served, E, R>, json: boolean) =>
  Effect.gen(function* () {
    const cluster = yield* ClusterNode
    const isMember = () => cluster.members().some(({ healthy, name }) => healthy && name === form.name)
    if (form.roles.includes("camera")) {
      yield* Effect.sync(isMember).pipe(
        Effect.repeat({ until: (joined: boolean) => joined, schedule: Schedule.spaced("50 millis") }),
        Effect.timeoutFail({
          duration: joinLimit,
          onTimeout: () => new CommandFailed({ detail: `node ${form.name} could not join the cluster within ${joinLimit}` })
        })
      )
    }
    const nodes = cluster.members().filter(({ healthy }) => healthy).length
    const { setup, url } = yield* served
    if (json) return yield* Console.log(JSON.stringify({ node: form.name, cluster: cluster.cluster, nodes, url, setup }))
    const where = url === undefined ? "" : `, and is at ${url}`
    yield* Console.log(
      `Node ${form.name} is in the cluster ${cluster.cluster} (nodes with cameras: ${nodes})${where}. Ctrl-C ends it.`
    )
    if (setup !== undefined) yield* Console.log(`Open ${setup} once, to create the first administrator.`)
  })

interface Served {
  readonly url?: string
  readonly setup?: string
}

const servedHere = Effect.gen(function* () {
  const { url } = yield* ServerAddress
  const setup = Option.getOrUndefined(yield* setupLink)
  const served: Served = { url, ...(setup === undefined ? {} : { setup }) }
  return served
})

const unreachable = (place: string) => (error: DatabaseError) =>
  new CommandFailed({
    detail: `${place}: ${error.detail}. Check that it runs there, and VIGIL_DATABASE_URL or --postgres`
  })

export const node = (options: NodeArguments) =>
  Effect.gen(function* () {
    const { form, place } = yield* formOf(options)
    const run = <E, R>(served: Effect.Effect<Served, E, R>) =>
      announce(form, served, options.json).pipe(
        Effect.zipRight(Effect.never),
        // A second signal does not wait.
        Effect.onInterrupt(() => giveAway)
      )
    const running = form.roles.includes("api")
      ? Effect.provide(run(servedHere), Node.layerServing(form))
      : Effect.provide(run(Effect.succeed({})), Node.layerSilent(form))
    yield* running.pipe(Effect.catchTag("DatabaseError", unreachable(place)), Effect.provide(Telemetry.layer))
  })
