import { Discovery, type DiscoveryRequest, type FoundDevice, shownDiscovery, withDevice } from "@vigil/core/Discovery"
import { DiscoveryId, type TenantId } from "@vigil/core/Ids"
import { DiscoveryStore } from "@vigil/core/port/DiscoveryStore"
import { NetworkScanner, type Scan, type ScanListener } from "@vigil/core/port/NetworkScanner"
import { DateTime, Effect, FiberMap, Schedule } from "effect"

/** Milliseconds after which it is written down how far a discovery is, and looked whether it is cancelled; longer where much is written. */
const reportEvery = 500
const reportEveryPerDevice = 2
/** All of it: a network whose devices all hang must not keep it going for ever. */
const longest = "30 minutes"
/** For the last word of a discovery whose node stops. */
const lastWord = "2 seconds"

type End = Pick<Discovery, "state" | "detail">

/** What a scan has told so far. */
class Seen implements ScanListener {
  private done = 0
  private devices: ReadonlyArray<FoundDevice> = []

  readonly onDone = (connections: number): void => {
    this.done += connections
  }

  readonly onDevice = (device: FoundDevice): void => {
    this.devices = withDevice(this.devices, device)
  }

  get reportAfter(): number {
    return Math.max(reportEvery, this.devices.length * reportEveryPerDevice)
  }

  in(discovery: Discovery, end: Partial<End> = {}): Effect.Effect<Discovery> {
    return Effect.map(DateTime.now, (updatedAt) =>
      Discovery.make({
        ...discovery,
        ...end,
        updatedAt,
        progress: { ...discovery.progress, done: this.done },
        devices: this.devices
      })
    )
  }
}

/** The discoveries that this node runs; each is in the store, where any node finds and cancels it. */
export class Discoveries extends Effect.Service<Discoveries>()("@vigil/api/Discoveries", {
  scoped: Effect.gen(function* () {
    const store = yield* DiscoveryStore
    const scanner = yield* NetworkScanner
    const running = yield* FiberMap.make<DiscoveryId, void>()

    /** Ends when the discovery is to end: cancelled, or taken for lost by others. */
    const reporting = (discovery: Discovery, seen: Seen) =>
      Effect.suspend(() => seen.in(discovery)).pipe(
        Effect.flatMap(store.report),
        Effect.catchTag("StoreUnavailable", (error) =>
          Effect.as(Effect.logWarning(`a discovery goes on without being written down: ${error.message}`), true)
        ),
        (report) => Effect.suspend(() => Effect.delay(report, seen.reportAfter)),
        Effect.repeat({ while: (goesOn) => goesOn })
      )

    const conclude = (discovery: Discovery, seen: Seen, end: End) =>
      Effect.flatMap(seen.in(discovery, end), store.report).pipe(
        Effect.retry({ schedule: Schedule.spaced("1 second"), times: 60 }),
        Effect.catchTag("StoreUnavailable", (error) => Effect.logError(`the end of a discovery is lost: ${error.message}`))
      )

    const done: End = { state: "done", detail: null }
    const late: End = { state: "failed", detail: `it was not over in ${longest}` }
    const stopped: End = { state: "failed", detail: "the node that looked was stopped: start it again" }

    const work = (discovery: Discovery, { run }: Scan) => {
      const seen = new Seen()
      return run(seen).pipe(
        Effect.timeoutTo({ duration: longest, onSuccess: () => done, onTimeout: () => late }),
        Effect.raceFirst(Effect.as(reporting(discovery, seen), undefined)),
        Effect.flatMap((end) => (end === undefined ? Effect.void : conclude(discovery, seen, end))),
        Effect.onInterrupt(() =>
          conclude(discovery, seen, stopped).pipe(
            Effect.interruptible,
            Effect.timeout(lastWord),
            // Others take it for failed once nobody has heard of it for long enough.
            Effect.catchTag("TimeoutException", () => Effect.void)
          )
        )
      )
    }

    return {
      /** Begins to look, in the name of somebody; answers at once. */
      start: (tenantId: TenantId, startedBy: string, request: DiscoveryRequest) =>
        Effect.gen(function* () {
          const scan = yield* scanner.plan(request)
          const { onvif, paths, ports, ranges } = request
          const now = yield* DateTime.now
          const discovery = Discovery.make({
            id: DiscoveryId.make(crypto.randomUUID()),
            tenantId,
            state: "running",
            detail: null,
            request: { onvif, paths, ports, ranges },
            startedBy,
            startedAt: now,
            updatedAt: now,
            progress: { done: 0, total: scan.total },
            devices: []
          })
          yield* store.add(discovery)
          yield* FiberMap.run(running, discovery.id, work(discovery, scan))
          return shownDiscovery(discovery)
        })
    }
  })
}) {}
