import { Command, Options } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { json } from "../Output.js"
import { word } from "../SourceArgument.js"
import { ownModelCommands } from "./models/own.js"

const program = () => import("../programs/models.js")

const modelArgument = word("model", "The id of a model, as `vigil models list` tells it.")

const list = Command.make("list", { json }, (options) => load(program, (models) => models.list(options))).pipe(
  Command.withDescription(described("The models that Vigil knows, and which are installed.", "vigil models list --json"))
)

const from = Options.text("from").pipe(
  Options.optional,
  Options.withDescription(
    "Where its file is: an http or https address, or a path. Where absent, the address that the model's description has."
  )
)

const pull = Command.make("pull", { model: modelArgument, from, json }, (options) =>
  load(program, (models) => models.pull(options))
).pipe(
  Command.withDescription(
    described(
      "Fetch the file of a known model, check its sha256, try it, and install it. `vigil models list` tells which are known.",
      "vigil models pull yolox-nano --from https://mirror.example/yolox_nano.onnx",
      "vigil models pull yolox-nano --from ./yolox_nano.onnx"
    )
  )
)

const importModel = Command.make(
  "import",
  {
    file: word("file", "The ONNX file."),
    descriptor: Options.file("descriptor", { exists: "yes" }).pipe(
      Options.optional,
      Options.withDescription("A JSON file that describes the model; known models and those of a known family need none.")
    ),
    json
  },
  (options) => load(program, (models) => models.importModel(options))
).pipe(
  Command.withDescription(
    described(
      "Check an ONNX file and install it.",
      "vigil models import yolox_nano.onnx",
      "vigil models import own.onnx --descriptor own.json"
    )
  )
)

const remove = Command.make("remove", { model: modelArgument, json }, (options) =>
  load(program, (models) => models.remove(options))
).pipe(Command.withDescription(described("Remove an installed model from this machine.", "vigil models remove yolox-nano")))

const makeCommand = (name: string) =>
  Command.make(name).pipe(
    Command.withDescription("The models that find things in pictures."),
    Command.withSubcommands([list, pull, importModel, remove, ...ownModelCommands])
  )

export const modelsCommand = makeCommand("models")
export const modelCommand = makeCommand("model")
