import type { Msg } from "nats"

/** What the NATS server sends to a message's reply subject when nobody listens at its subject (protocol of `no_responders`). */
export const isNoResponders = ({ data, headers }: Msg): boolean => data.length === 0 && headers?.code === 503
