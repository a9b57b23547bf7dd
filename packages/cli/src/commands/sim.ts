import { Command, Options } from "@effect/cli"
import { described } from "../Help.js"
import { load } from "../Load.js"
import { json } from "../Output.js"

const cameras = Command.make(
  "cameras",
  {
    count: Options.integer("count").pipe(Options.withDefault(1), Options.withDescription("How many cameras.")),
    file: Options.file("file", { exists: "yes" }).pipe(
      Options.atLeast(0),
      Options.withDescription("A video file to play in a loop; a rendered street scene by default. May be given several times.")
    ),
    port: Options.integer("port").pipe(Options.withDefault(8554), Options.withDescription("TCP port; 0 takes any free one.")),
    host: Options.text("host").pipe(Options.withDefault("127.0.0.1"), Options.withDescription("Address to listen on.")),
    codec: Options.choice("codec", ["h264", "h265", "mjpeg"]).pipe(
      Options.optional,
      Options.withDescription("Transcode files that have another codec.")
    ),
    audio: Options.choice("audio", ["none", "pcmu", "aac"]).pipe(
      Options.withDefault("none"),
      Options.withDescription("A tone beside the video.")
    ),
    auth: Options.text("auth").pipe(Options.optional, Options.withDescription("user:pass that cameras ask for (Digest).")),
    tls: Options.boolean("tls").pipe(Options.withDescription("RTSPS with a fresh self-signed certificate.")),
    faults: Options.integer("faults-port").pipe(
      Options.optional,
      Options.withDescription("HTTP port that switches faults on and off: PUT /cameras/1/faults")
    ),
    json
  },
  (options) => load(() => import("../programs/simCameras.js"), ({ simCameras }) => simCameras(options))
).pipe(
  Command.withDescription(
    described(
      "RTSP cameras that play files, for trying and testing, until Ctrl-C.",
      "vigil sim cameras --count 4",
      "vigil sim cameras --file film.mp4 --codec h265 --auth user:secret --port 0"
    )
  )
)

export const simCommand = Command.make("sim").pipe(
  Command.withDescription("Simulated devices for trying and testing."),
  Command.withSubcommands([cameras, onvif])
)
