import type { RTCPeerConnection } from "werift"

/** A connection's way from its making to its end. */
export interface PeerLife {
  /** Resolves once media can flow; never rejects. */
  readonly connected: Promise<void>
  /** Resolves once, with why it ended in a sentence. */
  readonly ended: Promise<string>
  readonly isOver: () => boolean
  /** Ends the connection; the first reason counts. */
  readonly end: (why: string) => void
}

/** What to say of a connection that could not be made, and of one that was lost. */
export interface PeerWords {
  readonly failed: string
  readonly lost: string
}

/** Follows a connection's states. `release` is called once, when it is over. */
export const followPeer = (peer: RTCPeerConnection, words: PeerWords, release: () => void = () => undefined): PeerLife => {
  let resolveConnected: () => void = () => undefined
  const connected = new Promise<void>((resolve) => {
    resolveConnected = resolve
  })
  let resolveEnded: (why: string) => void = () => undefined
  const ended = new Promise<string>((resolve) => {
    resolveEnded = resolve
  })
  let over = false
  const end = (why: string) => {
    if (over) return
    over = true
    release()
    resolveEnded(why)
    // swallowed: it is over; what cannot be closed in order is left to the collector
    peer.close().catch(() => undefined)
  }
  peer.connectionStateChange.subscribe((state) => {
    if (state === "connected") resolveConnected()
    else if (state === "failed") end(words.failed)
    else if (state === "disconnected" || state === "closed") end(words.lost)
  })
  return { connected, ended, isOver: () => over, end }
}
