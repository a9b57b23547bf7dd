import { Config, Effect, Option, type Redacted, Schema } from "effect"
import { randomUUID } from "node:crypto"
import { open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { homeFolder } from "../Installation.js"
import { makeFolder } from "../MakeFolder.js"
import { CommandFailed, UsageError } from "../Output.js"

/** A server by name, and the tokens of a user's session there. */
export const Profile = Schema.Struct({
  url: Schema.String,
  username: Schema.String,
  accessToken: Schema.Redacted(Schema.String),
  accessExpiresAt: Schema.DateTimeUtc,
  refreshToken: Schema.Redacted(Schema.String),
  refreshExpiresAt: Schema.DateTimeUtc
})
export type Profile = typeof Profile.Type

const Text = Schema.parseJson(Profile)

/** The name that stands for the Vigil of this machine instead of a profile. */
export const localName = "local"

/** Where profiles are: `VIGIL_PROFILES`, else `vigil` in the user's configuration folder (XDG Base Directory). */
const folder = Config.string("VIGIL_PROFILES").pipe(
  Config.orElse(() => Config.map(Config.nonEmptyString("XDG_CONFIG_HOME"), (home) => join(home, "vigil"))),
  Config.orElse(() => Config.map(homeFolder, (home) => join(home, ".config", "vigil"))),
  // swallowed: what is missing has its default, and no folder's name is wrong
  Effect.orDie
)

const fileOf = (name: string) => Effect.map(folder, (all) => join(all, `${name}.json`))

const currentFile = Effect.map(folder, (all) => join(all, "current"))

/** The name, if it may be one of a profile. */
export const checkName = (name: string): Effect.Effect<string, UsageError> =>
  /^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name) && name !== localName
    ? Effect.succeed(name)
    : new UsageError({
        detail: `${name} cannot be the name of a profile: take letters, digits, dots, dashes; \`local\` is this machine`
      })

const isMissing = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT"

const failed = (what: string) => (error: unknown) =>
  new CommandFailed({ detail: `${what}: ${error instanceof Error ? error.message : String(error)}` })

/** What a file says, none where it is not there. Whatever others of the machine may read is not taken for secret. */
const readPrivate = (file: string) =>
  Effect.gen(function* () {
    const found = yield* Effect.tryPromise({
      try: async () => ({ mode: (await stat(file)).mode, text: await readFile(file, "utf8") }),
      catch: (error) => error
    }).pipe(
      Effect.asSome,
      Effect.catchAll((error) => (isMissing(error) ? Effect.succeedNone : Effect.fail(failed(file)(error))))
    )
    if (Option.isNone(found)) return Option.none<string>()
    if ((found.value.mode & 0o077) === 0) return Option.some(found.value.text)
    return yield* new CommandFailed({ detail: `others may read ${file}: \`vigil logout\`, and log in anew` })
  })

/** Puts text in a file that nobody else may read: whole, or not at all. */
const writePrivate = (file: string, text: string) =>
  Effect.flatMap(folder, (all) =>
    Effect.tryPromise({
      try: async () => {
        await makeFolder(all, 0o700)
        const draft = `${file}.${randomUUID()}`
        await writeFile(draft, text, { mode: 0o600, flush: true })
        await rename(draft, file)
      },
      catch: failed(file)
    })
  )

const removeFile = (file: string) => Effect.tryPromise({ try: () => rm(file, { force: true }), catch: failed(file) })

export const readProfile = (name: string) =>
  Effect.gen(function* () {
    const file = yield* fileOf(name)
    const text = yield* readPrivate(file)
    if (Option.isNone(text)) return Option.none<Profile>()
    return Option.some(
      yield* Effect.mapError(Schema.decode(Text)(text.value), () => new CommandFailed({ detail: `${file} is damaged` }))
    )
  })

/** Fails where there is no such profile. */
export const knownProfile = (name: string) =>
  Effect.flatMap(readProfile(name), (found) =>
    Option.isSome(found)
      ? Effect.succeed(found.value)
      : Effect.fail(new CommandFailed({ detail: `there is no profile ${name}: \`vigil login URL --profile ${name}\` makes it` }))
  )

export const writeProfile = (name: string, profile: Profile) =>
  Effect.flatMap(fileOf(name), (file) => writePrivate(file, Schema.encodeSync(Text)(profile)))

/** The profile that is used where nothing else is named. */
export const currentProfile = Effect.gen(function* () {
  const text = yield* readPrivate(yield* currentFile)
  return Option.filter(
    Option.map(text, (name) => name.trim()),
    (name) => name !== ""
  )
})

export const setCurrentProfile = (name: Option.Option<string>) =>
  Effect.flatMap(currentFile, (file) => (Option.isSome(name) ? writePrivate(file, `${name.value}\n`) : removeFile(file)))

/** Forgets the profile, also as the one that is used where nothing else is named. */
export const removeProfile = (name: string) =>
  Effect.gen(function* () {
    if (Option.contains(yield* currentProfile, name)) yield* setCurrentProfile(Option.none())
    yield* removeFile(yield* fileOf(name))
  })

export const profileNames = Effect.gen(function* () {
  const all = yield* folder
  const files = yield* Effect.tryPromise({ try: () => readdir(all), catch: (error) => error }).pipe(
    Effect.catchAll((error) => (isMissing(error) ? Effect.succeed([]) : Effect.fail(failed(all)(error))))
  )
  return files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .sort((a, b) => a.localeCompare(b))
})

/** Milliseconds after which the lock of a command that was killed is broken: longer than any holds it. */
const abandoned = 30_000
const patience = "20 seconds"

const takeLock = (file: string) =>
  Effect.tryPromise({
    try: async () => {
      try {
        await (await open(file, "wx", 0o600)).close()
        return true
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
        const { mtimeMs } = await stat(file)
        if (Date.now() - mtimeMs > abandoned) await rm(file, { force: true })
        return false
      }
    },
    catch: (error) => error
  }).pipe(
    // Its holder has ended between the look and the other.
    Effect.catchAll((error) => (isMissing(error) ? Effect.succeed(false) : Effect.fail(failed(file)(error))))
  )

/** Alone among all commands of this user: two that exchange one refresh token would end the session. */
export const withLock = <A, E, R>(name: string, work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const file = `${yield* fileOf(name)}.lock`
    const taken = takeLock(file).pipe(
      Effect.delay("50 millis"),
      Effect.repeat({ until: (isTaken) => isTaken }),
      Effect.timeoutFail({
        duration: patience,
        onTimeout: () => new CommandFailed({ detail: `another command holds ${file}` })
      })
    )
    return yield* Effect.acquireUseRelease(
      taken,
      () => work,
      () =>
        // swallowed: whoever comes next breaks a lock that stays
        Effect.ignore(removeFile(file))
    )
  })

/** What a file of a profile holds of an answer of the server. */
export const profileOf = (
  url: string,
  pair: {
    readonly user: { readonly username: string }
    readonly accessToken: Redacted.Redacted
    readonly accessExpiresAt: Profile["accessExpiresAt"]
    readonly refreshToken: Redacted.Redacted
    readonly refreshExpiresAt: Profile["refreshExpiresAt"]
  }
): Profile => ({
  url,
  username: pair.user.username,
  accessToken: pair.accessToken,
  accessExpiresAt: pair.accessExpiresAt,
  refreshToken: pair.refreshToken,
  refreshExpiresAt: pair.refreshExpiresAt
})
