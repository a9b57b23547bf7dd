import { Option, Redacted } from "effect"

/** What stands in place of the hash of users without a password: as in `/etc/shadow`, nothing hashes to it. */
export const noPassword = "!"

/** The hash (PHC string format) of a user's row; none of users without a password. */
export const passwordOf = (stored: string): Option.Option<Redacted.Redacted> =>
  stored === noPassword ? Option.none() : Option.some(Redacted.make(stored))
