import { Command, Options } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { natsOption } from "../NatsArgument.js"
import { json } from "../Output.js"

const model = Options.text("model").pipe(
  Options.withDescription("Id of the model: one that is installed on this machine, or, with a worker token, the tenant's own.")
)

const tokenFile = Options.file("token-file").pipe(
  Options.optional,
  Options.withDescription("File with a worker token, for the tenant's own model; or the variable VIGIL_WORKER_TOKEN.")
)

const concurrency = Options.integer("concurrency").pipe(
  Options.optional,
  Options.withDescription("Jobs to work on at the same time, 1 to 64; as many as the machine has processors by default.")
)

export const workerCommand = Command.make("worker", { model, nats: natsOption, tokenFile, concurrency, json }, (options) =>
  load(
    () => import("../programs/worker.js"),
    ({ worker }) => worker(options)
  )
).pipe(
  Command.withDescription(
    described(
      "Look at segments of cameras whose detection is placed on the queue, with one model, until Ctrl-C. As many workers as are wanted share the jobs.",
      "VIGIL_NATS_URL=nats://bus.example:4222 vigil worker --model yolox-nano",
      "vigil worker --model yolox-nano --nats nats://bus.example:4222 --concurrency 4 --json",
      "vigil worker --model forklifts --token-file worker.token --nats nats://bus.example:4222"
    )
  )
)
