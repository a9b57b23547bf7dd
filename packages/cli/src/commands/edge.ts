import { Command, Options } from "@effect/cli"
import { EdgeOverview, MadeEdge } from "@vigil/core/Edge"
import { NodeName } from "@vigil/core/Node"
import { Console, Effect, Schema } from "effect"
import { findEdge } from "../edge/EdgeReference.js"
import { edgeHeadings, edgeRow } from "../edge/EdgeText.js"
import { described } from "../Help.js"
import { load } from "../Load.js"
import * as Server from "../operator/Server.js"
import { overHttp } from "../operator/Server.js"
import { serverOptions } from "../operator/ServerAccess.js"
import { decodeTyped, json, printJson, table } from "../Output.js"
import { word } from "../SourceArgument.js"

const existing = (name: string, description: string) =>
  Options.file(name, { exists: "yes" }).pipe(Options.optional, Options.withDescription(description))

const edgeArgument = word("edge", "The edge: its name or id.")

/** The token goes to standard output alone, so that it can be written into a file. */
const tellToken = (made: MadeEdge, asJson: boolean) =>
  asJson
    ? printJson(MadeEdge)(made)
    : Effect.zipRight(
        Console.error(`The token of the edge ${made.name} (${made.id}). It is not told again.`),
        Console.log(made.token)
      )

const make = Command.make(
  "make",
  { name: word("name", "What it is called: lower case, digits, dashes."), ...serverOptions, json },
  (options) =>
    Effect.gen(function* () {
      const name = yield* decodeTyped(NodeName, "the name")(options.name)
      yield* tellToken(yield* overHttp((http) => http.edges.create({ payload: { name } })), options.json)
    }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(described("Make an edge, at the centre, and print its token.", "vigil edge make shop-7 > shop-7.token"))
)

const list = Command.make("list", { ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const edges = yield* overHttp((http) => http.edges.list())
    yield* options.json ? printJson(Schema.Array(EdgeOverview))(edges) : Console.log(table(edgeHeadings, edges.map(edgeRow)))
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("The edges there are, their links, and what waits at them.", "vigil edge list --json")))

const token = Command.make("token", { edge: edgeArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id } = yield* findEdge(options.edge)
    yield* tellToken(yield* overHttp((http) => http.edges.renew({ path: { id } })), options.json)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(
  Command.withDescription(
    described(
      "Make a new token for an edge; the one before is worth nothing from then on.",
      "vigil edge token shop-7 > shop-7.token"
    )
  )
)

const revoke = Command.make("revoke", { edge: edgeArgument, ...serverOptions, json }, (options) =>
  Effect.gen(function* () {
    const { id, name } = yield* findEdge(options.edge)
    yield* overHttp((http) => http.edges.remove({ path: { id } }))
    yield* options.json
      ? Console.log("{}")
      : Console.error(`The edge ${name} is revoked. Its cameras run nowhere until they are given to another, or to the centre.`)
  }).pipe(Effect.provide(Server.layer(options)))
).pipe(Command.withDescription(described("Revoke an edge: its link ends at once, for good.", "vigil edge revoke shop-7")))

export const edgeCommand = Command.make(
  "edge",
  {
    center: Options.text("center").pipe(
      Options.withPseudoName("url"),
      Options.optional,
      Options.withDescription("The Vigil that it belongs to, for example https://vigil.example.")
    ),
    tokenFile: existing("token-file", "A file that holds the edge's token; else the variable VIGIL_EDGE_TOKEN."),
    centerCa: existing("center-ca", "A PEM file with the authority that signed the centre's certificate."),
    allowHttp: Options.boolean("allow-http").pipe(
      Options.withDescription("Send token and cameras' passwords to a centre elsewhere without encryption.")
    ),
    json
  },
  (options) =>
    load(
      () => import("../programs/edge.js"),
      ({ edge }) => edge(options)
    )
).pipe(
  Command.withDescription(
    described(
      "Run an edge until Ctrl-C: the cameras that the centre assigned to it, also while the centre cannot be reached; events wait on disk and are delivered in order.",
      "vigil edge make shop-7 > shop-7.token",
      "vigil edge --center https://vigil.example --token-file shop-7.token",
      "vigil edge list"
    )
  ),
  Command.withSubcommands([make, list, token, revoke])
)
