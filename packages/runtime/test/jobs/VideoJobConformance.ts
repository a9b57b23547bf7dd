import { describe, expect, layer } from "@effect/vitest"
import type { VideoPart } from "@vigil/core/Erasure"
import { defaultTenant, type ModelId, TenantId, type VideoJobId } from "@vigil/core/Ids"
import { type VideoJobDelivery, VideoJobQueue } from "@vigil/core/port/VideoJobQueue"
import { VideoJobResults } from "@vigil/core/port/VideoJobResults"
import { Chunk, Effect, Fiber, type Layer, Option, Stream } from "effect"
import { anyCameraId, anyModel, jobOf, resultOf, terms } from "../material/VideoJobs.js"

/** How the queue under test is set, so that nothing has to be waited for long. */
export const conformanceSettings = { acknowledgementTime: 2000, retryDelay: 50, deliveries: 3 }

const take = (model: ModelId) =>
  Effect.gen(function* () {
    const { consume } = yield* VideoJobQueue
    return yield* consume({ model })
  })

const publishAll = (jobs: ReadonlyArray<ReturnType<typeof jobOf>>) =>
  Effect.flatMap(VideoJobQueue, ({ publish }) => Effect.forEach(jobs, (job) => publish(job, terms), { discard: true }))

/** Nothing comes for a while. */
const nothing = (next: Effect.Effect<VideoJobDelivery>, milliseconds = 300) =>
  Effect.map(Effect.timeoutOption(next, milliseconds), (seen) => expect(Option.isNone(seen)).toBe(true))

const settledDepth = (model: ModelId, expected: { readonly waiting: number; readonly inFlight: number }) =>
  Effect.gen(function* () {
    const { depth } = yield* VideoJobQueue
    const sum = Effect.map(depth, (all) => {
      const own = all.filter((entry) => entry.model === model)
      return {
        waiting: own.reduce((total, { waiting }) => total + waiting, 0),
        inFlight: own.reduce((total, { inFlight }) => total + inFlight, 0)
      }
    })
    let seen = yield* sum
    for (let round = 0; round < 100 && JSON.stringify(seen) !== JSON.stringify(expected); round++) {
      yield* Effect.sleep("20 millis")
      seen = yield* sum
    }
    expect(seen).toEqual(expected)
  })

/** What every job queue and its results must do, made with {@link conformanceSettings}. */
export const videoJobConformance = <E>(name: string, made: Layer.Layer<VideoJobQueue | VideoJobResults, E>): void => {
  describe(`VideoJobQueue: ${name}`, () => {
    layer(made, { excludeTestServices: true })((it) => {
      it.scoped("keeps the jobs of a customer's own model apart from those of others that have its name", () =>
        Effect.gen(function* () {
          const { consume, depth } = yield* VideoJobQueue
          const model = anyModel()
          const own = { ...terms, own: { version: "1.0", sha256: "a".repeat(64) } }
          const jobs = { installed: jobOf({ models: [model] }), own: jobOf({ models: [model] }) }
          yield* Effect.flatMap(VideoJobQueue, ({ publish }) =>
            Effect.zipRight(publish(jobs.installed, terms), publish(jobs.own, own))
          )
          const [installed, owners, strangers] = yield* Effect.all([
            consume({ model }),
            consume({ model, owner: jobs.own.customerId }),
            consume({ model, owner: TenantId.make("00000000-0000-4000-8000-000000000002") })
          ])
          const counted = (yield* depth).filter((entry) => entry.model === model && entry.waiting + entry.inFlight > 0)
          expect(new Set(counted.map(({ owner }) => owner))).toEqual(new Set([undefined, jobs.own.customerId]))
          const mine = yield* owners.take
          expect(mine.job.jobId).toBe(jobs.own.jobId)
          expect(mine.terms).toEqual(own)
          const others = yield* installed.take
          expect(others.job.jobId).toBe(jobs.installed.jobId)
          yield* Effect.all([mine.ack, others.ack])
          for (const consumer of [installed, owners, strangers]) yield* nothing(consumer.take, 100)
        })
      )

      it.scoped("brings a job as it was published, bytes and terms included, to each of its models once", () =>
        Effect.gen(function* () {
          const [first, second, other] = [anyModel(), anyModel(), anyModel()]
          const consumers = yield* Effect.forEach([first, second, other], take)
          const job = jobOf({ models: [first, second] })
          yield* publishAll([job])
          for (const consumer of consumers.slice(0, 2)) {
            const delivery = yield* consumer.take
            expect(delivery.job).toEqual(job)
            expect(delivery.terms).toEqual(terms)
            expect(delivery.delivery).toBe(1)
            yield* delivery.ack
          }
          for (const consumer of consumers) yield* nothing(consumer.take, 100)
          yield* settledDepth(first, { waiting: 0, inFlight: 0 })
        })
      )

      it.scoped("keeps jobs for a group that has no worker yet, and takes one that is published twice once", () =>
        Effect.gen(function* () {
          const model = anyModel()
          const job = jobOf({ models: [model] })
          yield* publishAll([job, job])
          yield* settledDepth(model, { waiting: 1, inFlight: 0 })
          const consumer = yield* take(model)
          const delivery = yield* consumer.take
          yield* settledDepth(model, { waiting: 0, inFlight: 1 })
          expect(delivery.job.jobId).toBe(job.jobId)
          yield* delivery.ack
          yield* nothing(consumer.take)
        })
      )

      it.scoped("gives a camera's next job only when the one before is done, whoever asks", () =>
        Effect.gen(function* () {
          const model = anyModel()
          const cameraId = anyCameraId()
          yield* publishAll([0, 1, 2].map((sequence) => jobOf({ cameraId, models: [model], sequence })))
          const [one, two] = [yield* take(model), yield* take(model)]
          const first = yield* one.take
          const waiting = yield* Effect.fork(two.take)
          yield* nothing(one.take, 200)
          expect(yield* Fiber.poll(waiting)).toEqual(Option.none())
          yield* first.ack
          const second = yield* Fiber.join(waiting)
          expect([first.job.segmentSequence, second.job.segmentSequence]).toEqual([0, 1])
          yield* second.nak("as the test wants it")
          const again = yield* one.take
          expect(again.job.segmentSequence).toBe(1)
          expect(again.delivery).toBe(2)
          yield* again.ack
          const third = yield* two.take
          expect(third.job.segmentSequence).toBe(2)
          yield* third.ack
        })
      )

      it.scoped("serves the critical lane first, then high, then the others", () =>
        Effect.gen(function* () {
          const model = anyModel()
          const rounds = Array.from({ length: 6 }, () => ["STANDARD", "HIGH", "MEDIUM", "CRITICAL"] as const).flat()
          yield* publishAll(rounds.map((priority) => jobOf({ models: [model], priority })))
          const consumer = yield* take(model)
          const seen: Array<string> = []
          for (const _ of rounds) {
            const delivery = yield* consumer.take
            seen.push(delivery.job.metadata.priority)
            yield* delivery.ack
          }
          // On average: a server that is slow to answer for one place is asked for the next one.
          const placeOf = (priority: string) =>
            seen.reduce((sum, at, index) => sum + (at === priority ? index : 0), 0) / seen.filter((at) => at === priority).length
          const [critical, high, medium, standard] = ["CRITICAL", "HIGH", "MEDIUM", "STANDARD"].map(placeOf)
          expect(critical).toBeLessThan(high ?? 0)
          expect(high).toBeLessThan(Math.min(medium ?? 0, standard ?? 0))
        })
      )

      it.scoped("brings an unanswered job again, and not while its worker says that it is at it", () =>
        Effect.gen(function* () {
          const model = anyModel()
          const [one, two] = [yield* take(model), yield* take(model)]
          yield* publishAll([jobOf({ models: [model] })])
          const first = yield* one.take
          const second = yield* Effect.fork(two.take)
          for (let round = 0; round < 6; round++) {
            yield* Effect.sleep(conformanceSettings.acknowledgementTime / 4)
            yield* first.inProgress
            expect(yield* Fiber.poll(second)).toEqual(Option.none())
          }
          const delivery = yield* Fiber.join(second)
          expect(delivery.delivery).toBe(2)
          yield* delivery.ack
        })
      )

      it.scoped(
        "makes a dead letter of a job that fails each time, with the reason of the last, and goes on with the camera's next",
        () =>
          Effect.gen(function* () {
            const model = anyModel()
            const cameraId = anyCameraId()
            const [poison, next] = [0, 1].map((sequence) => jobOf({ cameraId, models: [model], sequence }))
            yield* publishAll([poison, next].flatMap((job) => (job === undefined ? [] : [job])))
            const consumer = yield* take(model)
            for (let round = 1; round <= conformanceSettings.deliveries; round++) {
              const delivery = yield* consumer.take
              expect([delivery.job.segmentSequence, delivery.delivery]).toEqual([0, round])
              yield* delivery.nak(`failure ${round}`)
            }
            const after = yield* consumer.take
            expect(after.job.segmentSequence).toBe(1)
            yield* after.ack
            const { deadLetters } = yield* VideoJobQueue
            const [dead] = (yield* deadLetters(50)).filter((letter) => letter.model === model)
            expect(dead).toMatchObject({
              jobId: poison?.jobId,
              cameraId,
              segmentSequence: 0,
              reason: `failure ${conformanceSettings.deliveries}`,
              deliveries: conformanceSettings.deliveries
            })
          })
      )

      it.scoped("tells a tenant of its own dead letters only, newest first, and forgets those of a job that it discards", () =>
        Effect.gen(function* () {
          const [model, cameraId] = [anyModel(), anyCameraId()]
          const stranger = TenantId.make(crypto.randomUUID())
          const { deadLetters, discardDead } = yield* VideoJobQueue
          const consumer = yield* take(model)
          const ids: Array<VideoJobId> = []
          for (const sequence of [1, 2, 3]) {
            const job = jobOf({ cameraId, models: [model], sequence })
            ids.unshift(job.jobId)
            yield* publishAll([job])
            for (let round = 0; round < conformanceSettings.deliveries; round++) yield* (yield* consumer.take).nak("it cannot")
          }
          const [newest, middle, oldest] = ids
          if (newest === undefined || middle === undefined || oldest === undefined) throw new Error("no jobs")
          const left = Effect.map(deadLetters(500, defaultTenant), (letters) =>
            letters.filter((letter) => letter.model === model).map(({ jobId }) => jobId)
          )
          expect(yield* left).toEqual(ids)
          expect((yield* deadLetters(2, defaultTenant)).map(({ jobId }) => jobId)).toEqual([newest, middle])
          expect(yield* deadLetters(500, stranger)).toEqual([])
          yield* discardDead(stranger, middle)
          expect(yield* left).toEqual(ids)
          yield* discardDead(defaultTenant, middle)
          expect(yield* left).toEqual([newest, oldest])
        })
      )

      it.scoped("makes a dead letter of a job whose workers never answer", () =>
        Effect.gen(function* () {
          const model = anyModel()
          const job = jobOf({ models: [model] })
          yield* publishAll([job])
          const consumer = yield* take(model)
          for (let round = 1; round <= conformanceSettings.deliveries; round++) {
            expect((yield* consumer.take).delivery).toBe(round)
          }
          yield* nothing(consumer.take, conformanceSettings.acknowledgementTime * 2)
          const { deadLetters } = yield* VideoJobQueue
          const [dead] = (yield* deadLetters(50)).filter((letter) => letter.model === model)
          expect(dead).toMatchObject({ jobId: job.jobId, deliveries: conformanceSettings.deliveries })
          expect(dead?.reason).toContain("not answered")
        })
      )

      it.scoped("gives what a worker held to another at once when the worker leaves", () =>
        Effect.gen(function* () {
          const model = anyModel()
          const passOn = Effect.gen(function* () {
            const job = jobOf({ models: [model] })
            yield* publishAll([job])
            yield* Effect.scoped(Effect.flatMap(take(model), (consumer) => consumer.take))
            const left = performance.now()
            const other = yield* take(model)
            const delivery = yield* other.take
            const waited = performance.now() - left
            expect(delivery.job.jobId).toBe(job.jobId)
            yield* delivery.giveBack
            const again = yield* other.take
            expect(again.job.jobId).toBe(job.jobId)
            yield* again.ack
            return waited
          }).pipe(Effect.scoped)
          // What was not given back comes when its time is over, each time.
          const atOnce = yield* Effect.repeat(passOn, {
            until: (waited) => waited < conformanceSettings.acknowledgementTime / 2,
            times: 4
          })
          expect(atOnce).toBeLessThan(conformanceSettings.acknowledgementTime / 2)
        })
      )

      it.scoped("erases jobs that wait, and that somebody has, with dead letters, and goes on with what is left", () =>
        Effect.gen(function* () {
          const [model, cameraId, other] = [anyModel(), anyCameraId(), anyCameraId()]
          const consumer = yield* take(model)
          const { deadLetters, erase } = yield* VideoJobQueue
          yield* publishAll([jobOf({ cameraId, models: [model], sequence: 7 })])
          for (let round = 0; round < conformanceSettings.deliveries; round++)
            yield* (yield* consumer.take).nak("as the test wants it")
          const large = new Uint8Array(600_000)
          const jobs = [0, 1, 2].map((sequence) => jobOf({ cameraId, models: [model], sequence, segment: large }))
          yield* publishAll([...jobs, jobOf({ cameraId: other, models: [model], sequence: 9 })])
          // Of the two cameras whichever is first: a worker has it, and never says anything of it again.
          const taken = yield* consumer.take
          const ofCamera = (part: VideoPart) => part.cameraId === cameraId
          expect(yield* erase(TenantId.make(crypto.randomUUID()), ofCamera)).toBe(0)
          expect(yield* erase(defaultTenant, (part) => ofCamera(part) && part.to < 1_700_000_000_000)).toBe(0)
          expect(yield* erase(defaultTenant, ofCamera)).toBe(4)
          expect((yield* deadLetters(50)).filter((letter) => letter.cameraId === cameraId)).toEqual([])
          // The next one of the camera is taken all the same, when the one that is gone can no longer be worked on.
          yield* publishAll([jobOf({ cameraId, models: [model], sequence: 3 })])
          const left = new Set<number>(taken.job.cameraId === other ? [9] : [])
          while (left.size < 2) {
            const delivery = yield* consumer.take
            left.add(delivery.job.segmentSequence)
            yield* delivery.ack
          }
          expect(left).toEqual(new Set([3, 9]))
          yield* taken.ack
          yield* nothing(consumer.take)
        })
      )

      it.scoped("tells what waits, is taken and how old it is", () =>
        Effect.gen(function* () {
          const model = anyModel()
          yield* publishAll([1, 2, 3].map(() => jobOf({ models: [model], priority: "HIGH" })))
          const consumer = yield* take(model)
          const delivery = yield* consumer.take
          yield* settledDepth(model, { waiting: 2, inFlight: 1 })
          const { depth } = yield* VideoJobQueue
          yield* Effect.sleep("50 millis")
          const high = (yield* depth).find((entry) => entry.model === model && entry.lane === "high")
          expect(high?.lag).toBeGreaterThan(0.04)
          expect(high?.lag).toBeLessThan(60)
          expect(delivery.waited).toBeGreaterThanOrEqual(0)
          yield* delivery.ack
        })
      )

      it.scoped("brings a result to the camera's followers once, however often it is published", () =>
        Effect.gen(function* () {
          const { follow, publish } = yield* VideoJobResults
          const [model, another] = [anyModel(), anyModel()]
          const job = jobOf({ models: [model, another] })
          const streams = [yield* follow(job.cameraId), yield* follow(job.cameraId), yield* follow(anyCameraId())]
          const first = resultOf(job, model)
          yield* publish(first)
          yield* publish(resultOf(job, model, "b"))
          yield* publish(resultOf(job, another, "c"))
          for (const stream of streams.slice(0, 2)) {
            const got = Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(stream, 2)))
            expect(got[0]).toEqual(first)
            expect(got.map(({ worker }) => worker)).toEqual(["a", "c"])
          }
          const last = streams[2]
          if (last !== undefined) {
            expect(Option.isNone(yield* Effect.timeoutOption(Stream.runHead(last), 100))).toBe(true)
          }
        })
      )
    })
  })
}
