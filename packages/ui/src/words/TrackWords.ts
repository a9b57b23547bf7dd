import type { AudioTrack, MediaTrack, VideoTrack } from "@vigil/core/MediaTrack"
import { framesPerSecond } from "./Units.js"

const videoNames: Readonly<Record<VideoTrack["codec"], string>> = { h264: "H.264", h265: "H.265", mjpeg: "Motion JPEG" }
const audioNames: Readonly<Record<AudioTrack["codec"], string>> = {
  aac: "AAC",
  pcmu: "G.711 µ-law",
  pcma: "G.711 A-law",
  opus: "Opus",
  other: "of another codec"
}

const said = (parts: ReadonlyArray<string | undefined>): string => parts.filter((part) => part !== undefined).join(" · ")

/** `H.264 · 1920×1080 · 25 fps`; `AAC · 16 kHz · stereo`. */
export const trackWords = (track: MediaTrack): string =>
  track.kind === "video"
    ? said([
        videoNames[track.codec] + (track.profile === undefined ? "" : ` ${track.profile}`),
        track.width === undefined || track.height === undefined ? undefined : `${track.width}×${track.height}`,
        track.framesPerSecond === undefined ? undefined : framesPerSecond(track.framesPerSecond)
      ])
    : said([
        audioNames[track.codec],
        `${track.sampleRate / 1_000} kHz`,
        track.channels === 1 ? "mono" : track.channels === 2 ? "stereo" : `${track.channels} channels`
      ])
