/** How the page's connection to the server is doing. `offline` keeps since when (milliseconds since 1970). */
export type Connection =
  | { readonly _tag: "Connecting" }
  | { readonly _tag: "Open" }
  | { readonly _tag: "Offline"; readonly since: number }

export const opened: Connection = { _tag: "Open" }

/** A closed socket; a connection that was offline already keeps the time at which it went. */
export const closed = (before: Connection, now: number): Connection =>
  before._tag === "Offline" ? before : { _tag: "Offline", since: now }
