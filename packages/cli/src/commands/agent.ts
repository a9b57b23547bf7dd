import { Args, Command, Options } from "@effect/cli"
import { CameraId } from "@vigil/core/Ids"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { json } from "../Output.js"
import { sourceOptions, word } from "../SourceArgument.js"

const existing = (name: string, description: string) =>
  Options.file(name, { exists: "yes" }).pipe(Options.optional, Options.withDescription(description))

export const agentCommand = Command.make(
  "agent",
  {
    source: word("source", "The camera's rtsp:// or rtsps:// address, as this machine reaches it.").pipe(Args.optional),
    server: Options.text("server").pipe(
      Options.optional,
      Options.withDescription("The Vigil to publish to, for example https://vigil.example.")
    ),
    camera: Options.text("camera").pipe(
      Options.withSchema(CameraId),
      Options.optional,
      Options.withDescription("The camera's id there; its address there is whip:.")
    ),
    tokenFile: existing("token-file", "A file that holds the camera's publish token; else the variable VIGIL_PUBLISH_TOKEN."),
    serverCa: existing("server-ca", "A PEM file with the authority that signed the server's certificate."),
    config: existing("config", "A JSON file that names the server and several cameras; see docs/agent.md."),
    allowHttp: Options.boolean("allow-http").pipe(
      Options.withDescription("Send the token to a server elsewhere without encryption.")
    ),
    ...sourceOptions,
    json
  },
  (options) =>
    load(
      () => import("../programs/agent.js"),
      ({ agent }) => agent(options)
    )
).pipe(
  Command.withDescription(
    described(
      "Publish cameras that the server cannot reach, until Ctrl-C: read them by RTSP here, push them over WebRTC (WHIP) there. Reconnects for ever.",
      "vigil agent --server https://vigil.example --camera 3f2a… --token-file ./token rtsp://192.0.2.7/stream1 --username admin --password-file ./password",
      "vigil agent --config agent.json --json"
    )
  )
)
