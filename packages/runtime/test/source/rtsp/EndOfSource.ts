import type * as net from "node:net"
import type { AccessUnit } from "@vigil/core/AccessUnit"
import { type OpenSource, SourceError, type SourceErrorReason, sourceConfig } from "@vigil/core/Source"
import { defaultRtspLimits, type RtspLimits } from "@vigil/runtime/source/rtsp/RtspLimits"
import { makeRtspSource } from "@vigil/runtime/source/rtsp/RtspSource"
import { Duration, Effect } from "effect"
import { expect } from "vitest"
import { answer, type Script, type ScriptedRequest, startScriptedServer } from "./ScriptedRtspServer.js"

export const limits: RtspLimits = {
  ...defaultRtspLimits,
  connect: 400,
  request: 400,
  open: 1500,
  stall: 600,
  teardown: 200,
  report: 100
}

/** Everything has to end well within this, whatever the server does. */
const latest = Duration.seconds(60)

type Options = Parameters<typeof sourceConfig>[1]

/** Opens the source and waits for its end: answers why it ended, whenever that was. */
export const endOf = (url: string, options: Options = {}, units: Array<AccessUnit> = [], own: RtspLimits = limits) =>
  Effect.scoped(
    makeRtspSource(own)
      .open(sourceConfig(url, { transport: "tcp", ...options }), (unit) => void units.push(unit))
      .pipe(Effect.flatMap((opened: OpenSource) => opened.ended))
  ).pipe(Effect.flip, Effect.timeoutFail({ duration: latest, onTimeout: () => new Error("the source never ended") }))

export const expectEnd = (
  script: Script,
  reason: SourceErrorReason,
  detail: RegExp,
  options: Options = {},
  own: RtspLimits = limits
) =>
  Effect.gen(function* () {
    const server = yield* startScriptedServer(script)
    const error = yield* endOf(server.url, options, [], own)
    expect(error).toBeInstanceOf(SourceError)
    expect(error.detail).toMatch(detail)
    expect(error.reason).toBe(reason)
    expect(error.url).toBe(server.url)
    return server
  })

export const instead =
  (method: string, reply: (request: ScriptedRequest, socket: net.Socket) => string | Buffer | undefined): Script =>
  (request, socket) =>
    request.method === method ? reply(request, socket) : answer(request)
