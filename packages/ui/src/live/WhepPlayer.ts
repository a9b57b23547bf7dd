import { note } from "../client/Journal.js"
import { HttpRefused, request } from "../client/Session.js"
import { pause } from "./Backoff.js"

/** What a player is at. `Refused` says in words why the server does not give this view; it is asked again after a while. */
export type PlayerState =
  | { readonly _tag: "Connecting"; readonly attempt: number }
  | { readonly _tag: "Playing" }
  | { readonly _tag: "Refused"; readonly kind: string; readonly detail: string }

export interface WhepOptions {
  readonly path: string
  readonly video: HTMLVideoElement
  readonly onState: (state: PlayerState) => void
}

/** Milliseconds that candidates are gathered for; host candidates come at once, and that is all a local network needs. */
const gatheringTime = 400
/** Milliseconds without a new frame after which a connection that looks alive is made anew. */
const frozenAfter = 8_000
/** Milliseconds until the first frame; the server sends the last group of pictures at once. */
const firstFrameWithin = 10_000

class ViewLost extends Error {}

const gathered = (peer: RTCPeerConnection, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (peer.iceGatheringState === "complete") return resolve()
    const timer = setTimeout(resolve, gatheringTime)
    peer.addEventListener(
      "icegatheringstatechange",
      () => {
        if (peer.iceGatheringState !== "complete") return
        clearTimeout(timer)
        resolve()
      },
      { signal }
    )
  })

/** Ends the view on the server too. It notices by itself after a while, so a failure here costs nothing. */
const endView = (location: string | null): void => {
  if (location === null) return
  request(location, { method: "DELETE", keepalive: true }).catch((error: unknown) => {
    note("the server was not told that a live view ended", error)
  })
}

/** Resolves when `signal` aborts; rejects when the connection fails or no frames come any more. */
const watched = (peer: RTCPeerConnection, video: HTMLVideoElement, signal: AbortSignal, onFrame: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    let last = performance.now()
    let frames = 0
    let frameRequest = 0
    const ended = (error?: Error) => {
      clearInterval(timer)
      video.cancelVideoFrameCallback(frameRequest)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onVideoFrame = () => {
      last = performance.now()
      frames++
      if (frames === 1) onFrame()
      frameRequest = video.requestVideoFrameCallback(onVideoFrame)
    }
    frameRequest = video.requestVideoFrameCallback(onVideoFrame)
    const timer = setInterval(() => {
      // Browsers present no frames of a hidden page.
      if (document.visibilityState === "hidden") last = performance.now()
      if (performance.now() - last > (frames === 0 ? firstFrameWithin : frozenAfter)) ended(new ViewLost("no frames"))
    }, 1_000)
    peer.addEventListener(
      "connectionstatechange",
      () => {
        if (peer.connectionState === "failed" || peer.connectionState === "closed") ended(new ViewLost(peer.connectionState))
      },
      { signal }
    )
    signal.addEventListener("abort", () => ended(), { once: true })
  })

/** One view from offer to end. */
const view = async ({ path, video, onState }: WhepOptions, signal: AbortSignal): Promise<void> => {
  const peer = new RTCPeerConnection()
  const own = new AbortController()
  const whileOpen = AbortSignal.any([signal, own.signal])
  let location: string | null = null
  try {
    peer.addTransceiver("video", { direction: "recvonly" })
    peer.addEventListener(
      "track",
      (event) => {
        // The picture is to be as near to now as the network allows; the browser's default buffer favours smoothness.
        event.receiver.jitterBufferTarget = 0
        video.srcObject = new MediaStream([event.track])
        // Refused only where a page may not play by itself; muted video may everywhere, and a removed element does not matter.
        video.play().catch((error: unknown) => note("a live view was not allowed to play", error))
      },
      { signal: whileOpen }
    )
    await peer.setLocalDescription(await peer.createOffer())
    await gathered(peer, whileOpen)
    signal.throwIfAborted()
    const response = await request(path, {
      method: "POST",
      headers: { "content-type": "application/sdp" },
      body: peer.localDescription?.sdp ?? "",
      signal
    })
    location = response.headers.get("location")
    await peer.setRemoteDescription({ type: "answer", sdp: await response.text() })
    await watched(peer, video, whileOpen, () => onState({ _tag: "Playing" }))
  } finally {
    own.abort()
    peer.close()
    video.srcObject = null
    endView(location)
  }
}

const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal.addEventListener("abort", done)
  })

/** Plays a camera's live view by WHEP (draft-ietf-wish-whep), again and again until what it returns is called. */
export const playWhep = (options: WhepOptions): (() => void) => {
  const stop = new AbortController()
  const { signal } = stop
  const run = async () => {
    for (let attempt = 0; !signal.aborted; attempt++) {
      options.onState({ _tag: "Connecting", attempt })
      const started = performance.now()
      try {
        await view(options, signal)
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof HttpRefused && error.status >= 400 && error.kind !== "camera-not-running") {
          options.onState({ _tag: "Refused", kind: error.kind, detail: error.message })
        } else if (!(error instanceof ViewLost)) {
          note("live view", error)
        }
      }
      if (performance.now() - started > 30_000) attempt = 0
      await sleep(pause(attempt), signal)
    }
  }
  void run()
  return () => stop.abort()
}
