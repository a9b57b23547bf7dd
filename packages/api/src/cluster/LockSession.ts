import { Data, Effect, type Scope } from "effect"
import pg from "pg"
import { type ConnectionOptions, openClient } from "../database/Connection.js"
import type { LockKey } from "./LockKey.js"

/** PostgreSQL cannot be asked: what is locked is not known. */
export class SessionLost extends Data.TaggedError("SessionLost")<{ readonly detail: string }> {}

/** PostgreSQL was asked, and another process holds this node's name: nothing is locked by this one. */
export class NameTaken extends Data.TaggedError("NameTaken")<{ readonly node: string }> {}

/** One connection, and what it has locked; the locks end with it. */
export interface HeldSession {
  readonly client: pg.Client
  /** Granted locks, with when they were, in `performance.now()`. */
  readonly held: Map<LockKey, number>
}

export interface LockSession {
  /**
   * Asks PostgreSQL over the connection, one after the other; connects first where there is none. A connection that fails or is too slow is given up,
   * and its locks with it.
   */
  readonly ask: <A>(work: (session: HeldSession) => Promise<A>) => Effect.Effect<A, SessionLost | NameTaken>
  /** Whether there is a connection at this moment. */
  readonly connected: () => boolean
}

/** Milliseconds for one question, connecting included. */
const limit = 1200
/** Sessions of ours that may still be alive on the server's side. */
const remembered = 16
const takeOverPauses = [0, 20, 50, 100, 200]

const pause = (milliseconds: number) => new Promise<void>((done) => void setTimeout(done, milliseconds))

const textOf = (error: unknown): string => {
  if (error instanceof AggregateError) return error.errors.map(String).join("; ")
  return error instanceof Error ? error.message : String(error)
}

/** Answers of a server that goes on working, as opposed to those after which the connection is over (class 08 and 57). */
const isAnswer = (error: unknown): boolean => error instanceof pg.DatabaseError && !/^(08|57)/.test(error.code ?? "57")

export const tryLock = async (client: pg.Client, keys: ReadonlyArray<LockKey>): Promise<ReadonlyArray<LockKey>> => {
  if (keys.length === 0) return []
  const { rows } = await client.query<{ readonly key: string; readonly granted: boolean }>(
    "select key::text, pg_try_advisory_lock(key) as granted from unnest($1::bigint[]) as key",
    [keys]
  )
  return rows.filter(({ granted }) => granted).map(({ key }) => key)
}

/** Sessions that hold a lock: advisory locks of one bigint show it as two halves. */
export const holders = `select pid from pg_locks where locktype = 'advisory' and granted and objsubid = 1
  and database = (select oid from pg_database where datname = current_database())
  and (classid::bigint << 32 | objid::bigint) = $1::bigint`

/**
 * The session in which a node holds its locks, the first of which is its name's. A session of ours that PostgreSQL still believes in, because the network
 * broke, is ended by the next one; one of another process is not.
 */
export const makeLockSession = (options: {
  readonly connection: ConnectionOptions
  readonly node: string
  readonly identity: LockKey
  /** Seconds after which the server ends a session that asks nothing: of a machine that is gone it hears nothing otherwise, for hours. */
  readonly idle: number
}): Effect.Effect<LockSession, never, Scope.Scope> =>
  Effect.gen(function* () {
    const { connection, identity, idle, node } = options
    const turn = yield* Effect.makeSemaphore(1)
    const former: Array<number> = []
    let current: HeldSession | undefined

    const discard = (client: pg.Client) => {
      if (current?.client === client) current = undefined
      // swallowed: a connection that broke cannot be ended in order
      client.end().catch(() => undefined)
    }

    const takeName = async (client: pg.Client): Promise<void> => {
      for (const wait of takeOverPauses) {
        await pause(wait)
        if ((await tryLock(client, [identity])).length > 0) return
        await client.query(`select pg_terminate_backend(pid) from (${holders}) as old where pid = any($2::int[])`, [
          identity,
          former
        ])
      }
      throw new NameTaken({ node })
    }

    const open = async (signal: AbortSignal): Promise<HeldSession> => {
      const client = openClient(connection)
      client.on("error", () => discard(client))
      client.on("end", () => discard(client))
      const abort = () => discard(client)
      signal.addEventListener("abort", abort, { once: true })
      try {
        await client.connect()
        const { rows } = await client.query<{ readonly pid: number }>("select pg_backend_pid() as pid")
        former.push(...rows.map(({ pid }) => pid))
        former.splice(0, former.length - remembered)
        await client.query("select set_config('idle_session_timeout', $1, false)", [`${idle}s`])
        await takeName(client)
        const session: HeldSession = { client, held: new Map() }
        if (signal.aborted) throw new SessionLost({ detail: "too slow" })
        current = session
        return session
      } catch (error) {
        discard(client)
        throw error
      } finally {
        signal.removeEventListener("abort", abort)
      }
    }

    const askOnce = <A>(work: (session: HeldSession) => Promise<A>) =>
      Effect.tryPromise({
        try: async (signal) => {
          const session = current ?? (await open(signal))
          const abort = () => discard(session.client)
          signal.addEventListener("abort", abort, { once: true })
          try {
            return await work(session)
          } catch (error) {
            if (!isAnswer(error)) discard(session.client)
            throw error
          } finally {
            signal.removeEventListener("abort", abort)
          }
        },
        catch: (error) =>
          error instanceof NameTaken || error instanceof SessionLost ? error : new SessionLost({ detail: textOf(error) })
      })

    yield* Effect.addFinalizer(() =>
      Effect.promise(async () => {
        const session = current
        current = undefined
        // swallowed: a connection that broke cannot be ended in order
        await session?.client.end().catch(() => undefined)
      }).pipe(Effect.timeoutOption("1 second"))
    )

    return {
      ask: (work) =>
        // A connection that was ended while nobody asked is found out by asking: the second time is over a new one.
        Effect.suspend(() => {
          const had = current !== undefined
          return askOnce(work).pipe(
            Effect.catchTag("SessionLost", (lost) => (had && current === undefined ? askOnce(work) : Effect.fail(lost)))
          )
        }).pipe(
          Effect.timeoutFail({
            duration: limit,
            onTimeout: () => new SessionLost({ detail: `no answer in ${limit / 1000} s` })
          }),
          turn.withPermits(1)
        ),
      connected: () => current !== undefined
    }
  })
