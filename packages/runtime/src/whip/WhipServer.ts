import type { CameraId } from "@vigil/core/Ids"

/** The Vigil that cameras are published to. */
export interface WhipServer {
  /** `https://vigil.example`. */
  readonly origin: string
  /** PEM of the authorities that are believed instead of the system's. */
  readonly ca: string | undefined
}

/** The origin of an absolute or relative URL; undefined for text that is none. */
export const readOrigin = (text: string, base?: URL): string | undefined =>
  URL.canParse(text, base?.href) ? new URL(text, base?.href).origin : undefined

const loopback = /^(127(\.\d+){3}|\[::1\]|localhost)$/

/** Whether the server runs on this machine. */
export const isThisMachine = ({ origin }: WhipServer): boolean => loopback.test(new URL(origin).hostname)

/** Whether what is said to it can be read on the way. */
export const isPlain = ({ origin }: WhipServer): boolean => origin.startsWith("http:")

/** A camera's WHIP endpoint at Vigil. */
export const whipEndpoint = ({ origin }: WhipServer, camera: CameraId): URL => new URL(`/api/v1/cameras/${camera}/whip`, origin)
