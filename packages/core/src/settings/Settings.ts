import {
  Config,
  type ConfigError,
  Context,
  DateTime,
  Duration,
  Effect,
  Layer,
  PubSub,
  Schedule,
  type Scope,
  Stream
} from "effect"
import type { Camera } from "../Camera.js"
import { Principal } from "../contract/Principal.js"
import type { PlaceId, TenantId } from "../Ids.js"
import { Bus, type BusUnavailable } from "../port/Bus.js"
import { SettingStore } from "../port/SettingStore.js"
import type { StoreUnavailable } from "../port/StoreError.js"
import { cameraRun, type CameraRun } from "./CameraSettings.js"
import { makeRemembered, type Remembered } from "./Remembered.js"
import { settingsChanged } from "./SettingChange.js"
import { type LevelSettings, levelsAt, type SaidLevel, type TenantSettings } from "./SettingLevels.js"
import { sameValues } from "./SettingValues.js"

/** How long settings that were read hold. */
const timeToLive = Config.duration("VIGIL_SETTINGS_TTL").pipe(
  Config.withDefault(Duration.minutes(5)),
  Config.validate({
    message: "settings may be remembered for 1 second to 1 day",
    validation: Duration.between({ minimum: "1 second", maximum: "1 day" })
  })
)

/** Looks for what is due, in each time to live. */
const looks = 20
const patience = Schedule.exponential("250 millis").pipe(Schedule.union(Schedule.spaced("5 seconds")), Schedule.jittered)
/** Hints of changes that a follower may be behind. */
const hintCapacity = 256
const renewals = 4

/** Who has other settings than before: one tenant, or everybody. */
export type SettingsHint = TenantId | "everybody"

/**
 * The settings of all levels as this node knows them: what was read is remembered for some minutes, read again in the background before these are over,
 * and at once when the bus tells of a change. While the database is away, what is known holds on.
 */
export class Settings extends Context.Tag("@vigil/core/Settings")<
  Settings,
  {
    readonly system: Effect.Effect<LevelSettings, StoreUnavailable>
    readonly ofTenant: (tenant: TenantId) => Effect.Effect<TenantSettings, StoreUnavailable>
    /** What holds above a camera there, the nearest first. */
    readonly above: (tenant: TenantId, place: PlaceId | null) => Effect.Effect<ReadonlyArray<SaidLevel>, StoreUnavailable>
    /** What a camera is to run with; where settings could never be read, its own. */
    readonly run: (camera: Camera) => Effect.Effect<CameraRun>
    /** This node knows of a change from now on; the others hear of it by the bus. */
    readonly renew: (who: SettingsHint) => Effect.Effect<void>
    /** Every node reads again, whatever it remembers. */
    readonly refresh: (tenant: TenantId, who: SettingsHint) => Effect.Effect<void, BusUnavailable>
    /** As long as the scope lasts, the settings of these tenants are kept up to date without anybody asking for them. */
    readonly keepUp: (tenants: () => Iterable<TenantId>) => Effect.Effect<void, never, Scope.Scope>
    /** Emits once other settings were read than before; hints to ask again. */
    readonly changes: Stream.Stream<SettingsHint>
  }
>() {
  static readonly layer: Layer.Layer<Settings, ConfigError.ConfigError, SettingStore | Bus> = Layer.scoped(
    Settings,
    Effect.suspend(() => make)
  )
}

const sameLevel = (a: LevelSettings, b: LevelSettings) => sameValues(a.values, b.values)

const sameTenant = (a: TenantSettings, b: TenantSettings): boolean =>
  sameLevel(a.tenant, b.tenant) &&
  a.sites.size === b.sites.size &&
  a.siteOf.size === b.siteOf.size &&
  [...a.sites].every(([site, said]) => {
    const other = b.sites.get(site)
    return other !== undefined && sameLevel(said, other)
  }) &&
  [...a.siteOf].every(([place, site]) => b.siteOf.get(place) === site)

const make = Effect.gen(function* () {
  const store = yield* SettingStore
  const bus = yield* Bus
  const duration = yield* timeToLive
  const hints = yield* Effect.acquireRelease(PubSub.sliding<SettingsHint>(hintCapacity), PubSub.shutdown)
  const making = yield* Effect.makeSemaphore(1)
  const tenants = new Map<TenantId, Remembered<TenantSettings>>()

  /** What is remembered is for everybody: whoever happens to ask must not narrow it to what that person may see. */
  const forNobody = Effect.mapInputContext((context: Context.Context<never>) => Context.omit(Principal)(context))

  const remember = <A>(who: SettingsHint, read: Effect.Effect<A, StoreUnavailable>, isSame: (a: A, b: A) => boolean) =>
    makeRemembered({
      read: forNobody(read),
      isSame,
      onChange: PubSub.publish(hints, who),
      timeToLive: Duration.toMillis(duration)
    })

  const system = yield* remember("everybody", store.system, sameLevel)

  const entryOf = (tenant: TenantId) =>
    Effect.suspend(() => {
      const known = tenants.get(tenant)
      if (known !== undefined) return Effect.succeed(known)
      return Effect.tap(remember(tenant, store.ofTenant(tenant), sameTenant), (made) => {
        tenants.set(tenant, made)
      })
    }).pipe(making.withPermits(1))

  const ofTenant = (tenant: TenantId) => Effect.flatMap(entryOf(tenant), ({ get }) => get)

  const above = (tenant: TenantId, place: PlaceId | null) =>
    Effect.map(Effect.all([system.get, ofTenant(tenant)]), ([all, said]) => levelsAt(all, said, place))

  const remembered = (who: SettingsHint): ReadonlyArray<Remembered<unknown>> => {
    if (who === "everybody") return [system, ...tenants.values()]
    const own = tenants.get(who)
    return own === undefined ? [] : [own]
  }

  const renew = (who: SettingsHint) =>
    Effect.forEach(
      remembered(who),
      // What cannot be read now is read when somebody asks, and by the next look.
      (entry) => Effect.catchAll(entry.renew, (error) => Effect.logDebug(error.message)),
      { concurrency: renewals, discard: true }
    )

  const users = new Set<() => Iterable<TenantId>>()

  const tend = Effect.gen(function* () {
    const inUse = new Set([...users].flatMap((list) => [...list()]))
    yield* system.tend(inUse.size > 0)
    for (const [tenant, entry] of tenants) if (!(yield* entry.tend(inUse.has(tenant)))) tenants.delete(tenant)
  })

  const listen = Effect.gen(function* () {
    const messages = yield* bus.follow({ from: "now", types: ["settings.changed"] })
    yield* Stream.runForEach(messages, ({ message }) =>
      renew(message.type === "settings.changed" && message.level !== "system" ? message.tenantId : "everybody")
    )
  }).pipe(Effect.scoped, Effect.retry(patience))

  yield* Effect.forkScoped(listen)
  yield* tend.pipe(Effect.delay(Duration.times(duration, 1 / looks)), Effect.forever, Effect.forkScoped)

  return Settings.of({
    system: system.get,
    ofTenant,
    above,
    run: (camera) =>
      above(camera.tenantId, camera.placeId).pipe(
        Effect.catchTag("StoreUnavailable", (error) => Effect.as(Effect.logDebug(error.message), [])),
        Effect.map((levels) => cameraRun(camera, levels))
      ),
    renew,
    refresh: (tenant, who) =>
      Effect.gen(function* () {
        yield* renew(who)
        yield* bus.publish(settingsChanged(tenant, who === "everybody" ? "system" : "tenant", yield* DateTime.now))
        // swallowed: a message of some hundred bytes is below every limit
      }).pipe(Effect.catchTag("BusMessageTooLarge", Effect.die)),
    keepUp: (list) =>
      Effect.acquireRelease(
        Effect.sync(() => users.add(list)),
        () => Effect.sync(() => users.delete(list))
      ),
    changes: Stream.fromPubSub(hints)
  })
})
