import { Effect } from "effect"
import { execFile } from "node:child_process"
import { readFile, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { promisify } from "node:util"
import { DatabaseError } from "./DatabaseError.js"

/** An account that programs may be run as. */
export interface UnprivilegedUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

const run = promisify(execFile)
const accountToCreate = "vigil-postgres"

const accounts = async (): Promise<ReadonlyArray<UnprivilegedUser>> =>
  (await readFile("/etc/passwd", "utf8")).split("\n").flatMap((line) => {
    const [name, , uid, gid] = line.split(":")
    return name !== undefined && uid !== undefined && gid !== undefined ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })

const ownerOf = (folder: string) =>
  Effect.tryPromise(() => stat(folder)).pipe(
    Effect.map(({ uid }) => uid),
    // It does not exist yet: nobody owns it.
    Effect.orElseSucceed(() => 0)
  )

/**
 * The account to run PostgreSQL as, because it refuses to run as root: the owner of the data folder, else `postgres`, else
 * `vigil-postgres`, which is created.
 */
export const chooseUser = (dataFolder: string): Effect.Effect<UnprivilegedUser, DatabaseError> =>
  Effect.gen(function* () {
    const failed = (error: unknown) =>
      new DatabaseError({ step: "choose an account to run PostgreSQL as", detail: String(error) })
    const read = Effect.tryPromise({ try: accounts, catch: failed })
    const owner = yield* ownerOf(dataFolder)
    const known = yield* read
    const existing =
      (owner === 0 ? undefined : known.find(({ uid }) => uid === owner)) ??
      known.find(({ name }) => name === "postgres") ??
      known.find(({ name }) => name === accountToCreate)
    if (existing !== undefined) return existing
    yield* Effect.tryPromise({
      try: () => run("useradd", ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin", accountToCreate]),
      catch: failed
    })
    const created = (yield* read).find(({ name }) => name === accountToCreate)
    return created ?? (yield* failed(`useradd made no account ${accountToCreate}`))
  })

/** Whether the account may enter a folder and all those above it. */
const reaches = async (user: UnprivilegedUser, folder: string): Promise<boolean> => {
  const { mode, uid, gid } = await stat(folder)
  const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
  if ((mode & bit) === 0) return false
  const parent = dirname(folder)
  return parent === folder || reaches(user, parent)
}

/**
 * The command to put before another to run it as `user`, with no more rights than it needs. Where the account could not enter one of
 * `folders` (a checkout below /root) it keeps root's right to pass them; `no_setuid_fixup` lets access(2) see that right too.
 */
export const commandPrefix = (
  user: UnprivilegedUser,
  folders: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, DatabaseError> =>
  Effect.tryPromise({
    try: async () => {
      const reached = await Promise.all(folders.map((folder) => reaches(user, folder)))
      const passing = reached.every(Boolean)
        ? []
        : ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
      return ["setpriv", `--reuid=${user.uid}`, `--regid=${user.gid}`, "--clear-groups", ...passing, "--"]
    },
    catch: (error) => new DatabaseError({ step: "look at the database's folders", detail: String(error) })
  })
