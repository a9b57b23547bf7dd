import { Context } from "effect"
import type { NatsConnection } from "nats"

/**
 * The node's connection to NATS. It reconnects by itself for ever; what is published meanwhile waits in the client, up to its limit. `subject` puts a
 * name below the cluster's own prefix, `vigil.<cluster>.`, so that several clusters can share a server.
 */
export class Nats extends Context.Tag("@vigil/runtime/Nats")<
  Nats,
  {
    readonly connection: NatsConnection
    /** The cluster's name. */
    readonly cluster: string
    readonly subject: (...tokens: ReadonlyArray<string>) => string
    /** Milliseconds since the connection was made or made again: right after that, others may still be missing. */
    readonly connectedFor: () => number
  }
>() {}
