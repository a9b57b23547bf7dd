import { frameCounterBits, frameCounterHeight } from "@vigil/fixtures/scene/FrameCounter"
import { Effect } from "effect"
import { serveHttp } from "../process/HttpServer.js"

/** One picture that a player showed. */
export interface ShownFrame {
  /** Milliseconds since 1970 when the page had read the picture's pixels. */
  readonly at: number
  /** What the picture's frame counter shows. */
  readonly counter: number | null
  readonly rtpTimestamp: number | null
}

/** Functions of the page, to be called from outside. */
export interface PlayerPage {
  /** Plays by WHEP. */
  readonly whep: (player: string, address: string) => Promise<void>
  /** Plays what somebody else offers; answers the answer. */
  readonly accept: (player: string, offer: string) => Promise<string>
  /** The frames that were shown since the last call. */
  readonly take: (player: string) => ReadonlyArray<ShownFrame>
  readonly now: () => number
}

/** Runs in the browser. Both players are the same but for who offers. */
const script = `
const players = {}
const bits = ${frameCounterBits}, share = ${frameCounterHeight}
const canvas = document.createElement("canvas")
const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false })
const readCounter = (video) => {
  const width = video.videoWidth, height = Math.floor(video.videoHeight * share)
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
  context.drawImage(video, 0, 0, width, height, 0, 0, width, height)
  const { data } = context.getImageData(0, height >> 1, width, 1)
  let counter = 0
  for (let bit = 0; bit < bits; bit++) {
    const shade = data[Math.floor((bit + 0.5) * width / bits) * 4 + 1]
    if (shade > 80 && shade < 170) return null
    counter = counter * 2 + (shade >= 170 ? 1 : 0)
  }
  return counter
}
const open = (name) => {
  const video = document.createElement("video")
  Object.assign(video, { muted: true, autoplay: true, playsInline: true })
  document.body.append(video)
  const player = players[name] = { peer: new RTCPeerConnection(), frames: [] }
  player.peer.addEventListener("track", ({ receiver, track }) => {
    receiver.jitterBufferTarget = 0
    video.srcObject = new MediaStream([track])
    void video.play()
  })
  // A headless browser has no display: its expectedDisplayTime is made up, so what counts is when the pixels can be read.
  const shown = (_, { rtpTimestamp = null }) => {
    const counter = readCounter(video)
    player.frames.push({ at: performance.timeOrigin + performance.now(), counter, rtpTimestamp })
    video.requestVideoFrameCallback(shown)
  }
  video.requestVideoFrameCallback(shown)
  return player.peer
}
const gathered = (peer) => new Promise((resolve) => {
  if (peer.iceGatheringState === "complete") return resolve()
  setTimeout(resolve, 1000)
  peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && resolve())
})
window.page = {
  whep: async (name, address) => {
    const peer = open(name)
    peer.addTransceiver("video", { direction: "recvonly" })
    await peer.setLocalDescription(await peer.createOffer())
    await gathered(peer)
    const response = await fetch(address, { method: "POST", headers: { "content-type": "application/sdp" }, body: peer.localDescription.sdp })
    const text = await response.text()
    if (response.status !== 201) throw new Error("WHEP answers " + response.status + ": " + text)
    await peer.setRemoteDescription({ type: "answer", sdp: text })
  },
  accept: async (name, sdp) => {
    const peer = open(name)
    await peer.setRemoteDescription({ type: "offer", sdp })
    await peer.setLocalDescription(await peer.createAnswer())
    await gathered(peer)
    return peer.localDescription.sdp
  },
  take: (name) => players[name].frames.splice(0),
  now: () => performance.timeOrigin + performance.now()
}
`

const document = `<!doctype html><meta charset="utf-8"><title>live-latency</title><style>video { width: 200px }</style><body><script>${script}</script>`

/** Serves the page until the scope closes; answers its address. */
export const servePage = Effect.map(
  serveHttp((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(document)),
  (address) => `${address}/`
)
