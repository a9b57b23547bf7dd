import type { Picture } from "../native/VideoDecoder.js"

/**
 * Which pictures may be looked at. Once a decoder had to make up missing parts, everything that follows is built on them, though it is not
 * marked: grey smears that a detector takes for people. Trust comes back with the next key frame.
 */
export interface Trust {
  /** A key frame goes into the decoder. */
  readonly restart: (key: number) => void
  /** Something was lost. */
  readonly lose: () => void
  /** Something was lost since the newest restart: a decoder that starts anew with the next key frame is better than this one. */
  readonly lost: () => boolean
  readonly accept: (picture: Pick<Picture, "key" | "sound">) => boolean
}

export const makeTrust = (): Trust => {
  let newestRestart = Number.NEGATIVE_INFINITY
  /** Keys from here on are trusted; infinite while the next restart is awaited. */
  let from = Number.NEGATIVE_INFINITY

  const loseAfter = (key: number) => {
    from = newestRestart > key ? newestRestart : Number.POSITIVE_INFINITY
  }

  return {
    restart: (key) => {
      newestRestart = key
      if (from === Number.POSITIVE_INFINITY) from = key
    },
    lose: () => loseAfter(newestRestart),
    lost: () => from === Number.POSITIVE_INFINITY,
    accept: ({ key, sound }) => {
      if (!sound) loseAfter(key)
      return sound && key >= from
    }
  }
}
