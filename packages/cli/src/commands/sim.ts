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
    feedback: Options.choice("feedback", ["pli", "fir"]).pipe(
      Options.optional,
      Options.withDescription("Take requests for a key frame over RTCP; as most cameras, take none by default.")
    ),
    tls: Options.boolean("tls").pipe(Options.withDescription("RTSPS with a fresh self-signed certificate.")),
    faults: Options.integer("faults-port").pipe(
      Options.optional,
      Options.withDescription("HTTP port that switches faults on and off: PUT /cameras/1/faults")
    ),
    json
  },
  (options) =>
    load(
      () => import("../programs/simCameras.js"),
      ({ simCameras }) => simCameras(options)
    )
).pipe(
  Command.withDescription(
    described(
      "RTSP cameras that play files, for trying and testing, until Ctrl-C.",
      "vigil sim cameras --count 4",
      "vigil sim cameras --file film.mp4 --codec h265 --auth user:secret --port 0"
    )
  )
)

const onvif = Command.make(
  "onvif",
  {
    count: Options.integer("count").pipe(Options.withDefault(1), Options.withDescription("How many devices.")),
    file: Options.file("file", { exists: "yes" }).pipe(
      Options.optional,
      Options.withDescription("A video file that the devices play; a rendered street scene by default.")
    ),
    rtsp: Options.text("rtsp").pipe(
      Options.repeated,
      Options.withDescription("Show this stream instead of a file; the main stream first, then the sub stream.")
    ),
    host: Options.text("host").pipe(Options.withDefault("127.0.0.1"), Options.withDescription("Address to listen on.")),
    port: Options.integer("port").pipe(
      Options.withDefault(8000),
      Options.withDescription("TCP port of the first device, the others follow; 0 takes any free ones.")
    ),
    rtspPort: Options.integer("rtsp-port").pipe(
      Options.withDefault(0),
      Options.withDescription("TCP port of the streams; 0 takes any free one.")
    ),
    controlPort: Options.integer("control-port").pipe(
      Options.withDefault(0),
      Options.withDescription("HTTP port that switches faults on and off; 0 takes any free one.")
    ),
    auth: Options.text("auth").pipe(Options.optional, Options.withDescription("user:pass that devices and streams ask for.")),
    hidden: Options.boolean("hidden").pipe(Options.withDescription("Do not answer WS-Discovery.")),
    discoveryPort: Options.integer("discovery-port").pipe(
      Options.optional,
      Options.withDescription("UDP port of WS-Discovery; 3702 by default, 0 takes any free one.")
    ),
    json
  },
  (options) =>
    load(
      () => import("../programs/simOnvif.js"),
      ({ simOnvif }) => simOnvif(options)
    )
).pipe(
  Command.withDescription(
    described(
      "ONVIF devices with cameras behind them: streams, snapshots, PTZ, events, discovery; until Ctrl-C.",
      "vigil sim onvif --count 2 --auth user:secret",
      "vigil sim onvif --rtsp rtsp://192.0.2.10/main --rtsp rtsp://192.0.2.10/sub"
    )
  )
)

export const simCommand = Command.make("sim").pipe(
  Command.withDescription("Simulated devices for trying and testing."),
  Command.withSubcommands([cameras, onvif])
)
