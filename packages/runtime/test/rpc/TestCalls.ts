import { Rpc, RpcClient, RpcGroup, RpcSerialization, RpcServer } from "@effect/rpc"
import { Nats } from "@vigil/runtime/nats/Nats"
import type { NatsSettings } from "@vigil/runtime/nats/NatsSettings"
import { makeClientProtocol, type NatsRpcClientOptions } from "@vigil/runtime/rpc/NatsRpcClient"
import { layerServerProtocol, type NatsRpcServerOptions } from "@vigil/runtime/rpc/NatsRpcServer"
import { Chunk, Context, Effect, Layer, Schedule, Schema, Stream } from "effect"

export class Refusal extends Schema.TaggedError<Refusal>()("Refusal", { detail: Schema.String }) {}

export class Calls extends RpcGroup.make(
  Rpc.make("Echo", { payload: { text: Schema.String, n: Schema.Int }, success: Schema.String }),
  Rpc.make("Refuse", { payload: { detail: Schema.String }, success: Schema.Void, error: Refusal }),
  Rpc.make("Count", { payload: { to: Schema.Int, chunk: Schema.Int }, success: Schema.Int, stream: true }),
  Rpc.make("Wait", { payload: { id: Schema.String }, success: Schema.Void }),
  Rpc.make("Trickle", { payload: { id: Schema.String }, success: Schema.Int, stream: true }),
  Rpc.make("Download", { payload: { bytes: Schema.Int }, success: Schema.Uint8ArrayFromSelf }),
  Rpc.make("Upload", {
    payload: { bytes: Schema.Uint8ArrayFromSelf },
    success: Schema.Struct({ length: Schema.Int, sum: Schema.Int })
  })
) {}

/** What handlers saw. */
export interface Witness {
  readonly begun: Set<string>
  readonly interrupted: Set<string>
  /** Elements that streams have made. */
  made: number
}

export const makeWitness = (): Witness => ({ begun: new Set(), interrupted: new Set(), made: 0 })

export const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 7) & 0xff)

export const sumOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => (sum + byte) % 1_000_003, 0)

const handlers = (witness: Witness) =>
  Calls.toLayer({
    Echo: ({ n, text }) => Effect.succeed(`${text} ${n}`),
    Refuse: ({ detail }) => new Refusal({ detail }),
    Count: ({ chunk, to }) =>
      Stream.range(1, to, chunk).pipe(
        Stream.tap(() => Effect.sync(() => (witness.made += 1))),
        Stream.mapChunks(Chunk.map((n) => n))
      ),
    Wait: ({ id }) =>
      Effect.suspend(() => {
        witness.begun.add(id)
        return Effect.never
      }).pipe(Effect.onInterrupt(() => Effect.sync(() => witness.interrupted.add(id)))),
    Trickle: ({ id }) =>
      Stream.concat(Stream.make(1), Stream.never).pipe(Stream.ensuring(Effect.sync(() => witness.interrupted.add(id)))),
    Download: ({ bytes }) => Effect.sync(() => pattern(bytes)),
    Upload: ({ bytes }) => Effect.succeed({ length: bytes.length, sum: sumOf(bytes) })
  })

export const connectTo = (settings: NatsSettings) => Effect.map(Layer.build(Nats.layer(settings)), Context.get(Nats))

/** A server with the calls above, until the scope ends. */
export const serve = (nats: typeof Nats.Service, witness: Witness, options: NatsRpcServerOptions) =>
  Layer.build(
    RpcServer.layer(Calls, { disableFatalDefects: true }).pipe(
      Layer.provide(handlers(witness)),
      Layer.provide(layerServerProtocol(options)),
      Layer.provide(RpcSerialization.layerMsgPack),
      Layer.provide(Layer.succeed(Nats, nats))
    )
  )

/** A client of it, until the scope ends. */
export const clientOf = (nats: typeof Nats.Service, options: NatsRpcClientOptions) =>
  Effect.gen(function* () {
    const protocol = yield* makeClientProtocol(options)
    return yield* RpcClient.make(Calls).pipe(Effect.provideService(RpcClient.Protocol, protocol))
  }).pipe(Effect.provide(RpcSerialization.layerMsgPack), Effect.provideService(Nats, nats))

/** Until `condition` holds, a minute at most. */
export const eventually = (what: string, condition: () => boolean): Effect.Effect<void, Error> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.fail(new Error(`never: ${what}`)))).pipe(
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 3000 })
  )
