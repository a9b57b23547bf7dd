import { Effect } from "effect"
import { connect } from "node:net"

/** What a server answers to raw bytes, until it closes the connection. */
export const raw = (port: number, bytes: string) =>
  Effect.async<string>((resume) => {
    let text = ""
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes))
    socket.on("data", (data) => (text += data.toString("latin1")))
    socket.on("error", () => undefined)
    socket.on("close", () => resume(Effect.succeed(text)))
  })
