/** Header names in lower case; a repeated header has several values. */
export type RtspHeaders = ReadonlyMap<string, ReadonlyArray<string>>

export interface RtspResponse {
  readonly _tag: "Response"
  readonly status: number
  readonly reason: string
  readonly headers: RtspHeaders
  readonly body: Uint8Array
}

/** Servers may ask things, too: a sign of life, an announcement, a redirection (RFC 2326 10). */
export interface RtspRequest {
  readonly _tag: "Request"
  readonly method: string
  readonly uri: string
  readonly headers: RtspHeaders
  readonly body: Uint8Array
}

export type RtspMessage = RtspResponse | RtspRequest

export const headerOf = (message: RtspMessage, name: string): string | undefined => message.headers.get(name)?.[0]

const line = (text: string): string => `${text.replace(/[\r\n]/g, "")}\r\n`

const format = (start: string, headers: Readonly<Record<string, string>>): string =>
  `${line(start)}${Object.entries(headers)
    .map(([name, value]) => line(`${name}: ${value}`))
    .join("")}\r\n`

export const formatRequest = (method: string, uri: string, headers: Readonly<Record<string, string>>): string =>
  format(`${method} ${uri} RTSP/1.0`, headers)

export const formatResponse = (status: number, reason: string, headers: Readonly<Record<string, string>>): string =>
  format(`RTSP/1.0 ${status} ${reason}`, headers)
