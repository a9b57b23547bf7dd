import { Command, Options } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { natsOption } from "../NatsArgument.js"
import { json } from "../Output.js"

const name = Options.text("name").pipe(
  Options.optional,
  Options.withDescription(
    "This node's name, one of its own in the cluster: lower case, digits, dashes. The host's name by default."
  )
)

const postgres = Options.text("postgres").pipe(
  Options.withPseudoName("url"),
  Options.optional,
  Options.withDescription("Where PostgreSQL is, without a password: postgres://user@host/vigil. VIGIL_DATABASE_URL by default.")
)

const roles = Options.text("roles").pipe(
  Options.withDefault("camera,api"),
  Options.withDescription("What it does: camera (runs cameras), api (serves people and programs), or both.")
)

const capacity = Options.integer("capacity").pipe(
  Options.withPseudoName("cameras"),
  Options.optional,
  Options.withDescription(
    "How many cameras it may run; its part of all cameras is in proportion to that. 50 for each core by default."
  )
)

const labels = Options.keyValueMap("label").pipe(
  Options.optional,
  Options.withDescription("What others may know of it, for example site=north.")
)

export const nodeCommand = Command.make("node", { name, nats: natsOption, postgres, roles, capacity, labels, json }, (options) =>
  load(
    () => import("../programs/node.js"),
    ({ node }) => node(options)
  )
).pipe(
  Command.withDescription(
    described(
      "Run one node of a cluster until Ctrl-C: cameras are shared with the other nodes, and those of a node that dies go to the others.",
      "VIGIL_NATS_URL=nats://bus.example:4222 VIGIL_DATABASE_URL=postgres://... vigil node --name north-1",
      "vigil node --nats nats://bus.example:4222 --postgres postgres://vigil@db.example/vigil --roles camera --capacity 80",
      "vigil node --name office --roles api --label site=office"
    )
  )
)
