import { decodeFrame, encodeFrame, type Frame } from "@vigil/runtime/rpc/Frame"
import { type AssemblyBudget, makeInbound, type SessionFrame } from "@vigil/runtime/rpc/Inbound"
import { makeOutbound } from "@vigil/runtime/rpc/Outbound"
import { Effect } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const body = fc.uint8Array({ minLength: 1, maxLength: 200 })
const reason = fc.string({ unit: "grapheme-ascii", maxLength: 100 })

const frames: fc.Arbitrary<Frame> = fc.oneof(
  fc.record({ _tag: fc.constantFrom("Hello" as const, "Welcome" as const), limit: uint32 }),
  fc.record({ _tag: fc.constantFrom("Refused" as const, "Bye" as const), reason }),
  fc.record({ _tag: fc.constant("Whole" as const), sequence: uint32, body }),
  fc.record({ _tag: fc.constant("Piece" as const), sequence: uint32, total: uint32, offset: uint32, body }),
  fc.record({ _tag: fc.constantFrom("Abandon" as const, "Ping" as const, "Pong" as const), sequence: uint32 })
)

describe("Frame", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const read = decodeFrame(encodeFrame(frame))
        if (read !== undefined && "body" in read) expect({ ...read, body: Uint8Array.from(read.body) }).toEqual(frame)
        else expect(read).toEqual(frame)
      })
    )
  })

  it("any bytes are a frame or are not, and none throws", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, signed) => {
        if (signed && bytes.length > 0) bytes[0] = 0xb1
        decodeFrame(bytes)
      }),
      { numRuns: 2000 }
    )
  })

  it("a reason from outside is one line of bounded length", () => {
    const bytes = encodeFrame({ _tag: "Bye", reason: `a\u001b[31m\r\nb\u202e${"x".repeat(9000)}` })
    const read = decodeFrame(bytes)
    expect(read?._tag === "Bye" && read.reason).toMatch(/^a \[31m {2}b x{1,500}$/)
  })
})

/** Sends through a connection that takes messages of `maxPayload`, and returns the frames. */
const sent = (bodies: ReadonlyArray<Uint8Array>, maxPayload: number): ReadonlyArray<Frame | undefined> => {
  const published: Array<Uint8Array> = []
  const connection = {
    info: { max_payload: maxPayload },
    isClosed: () => false,
    flush: () => Promise.resolve(),
    publish: (_subject: string, bytes: Uint8Array) => void published.push(Uint8Array.from(bytes))
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that a sender uses of a connection
  const outbound = makeOutbound({ connection: connection as never, name: "n", subject: "s", reply: "r", limit: 1e6 })
  const done = Effect.runSyncExit(Effect.forEach(bodies, outbound.send, { discard: true }))
  expect(done._tag).toBe("Success")
  for (const bytes of published) expect(bytes.length).toBeLessThanOrEqual(maxPayload)
  return published.map(decodeFrame)
}

const isNumbered = (frame: Frame | undefined): frame is SessionFrame => frame !== undefined && "sequence" in frame

describe("Inbound", () => {
  it("puts together what Outbound took apart", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 150 }), { maxLength: 10 }), (bodies) => {
        const budget: AssemblyBudget = { available: 1000 }
        const inbound = makeInbound(1000, budget)
        const received: Array<Array<number>> = []
        // So few pieces that Outbound need not wait for NATS in between.
        for (const frame of sent(bodies, 60)) {
          if (!isNumbered(frame)) throw new Error("not a frame of a session")
          const arrival = inbound.accept(frame)
          if (arrival._tag === "Message") received.push([...arrival.body])
          else expect(arrival._tag).toBe("Nothing")
        }
        expect(received).toEqual(bodies.map((bytes) => [...bytes]))
        expect(budget.available).toBe(1000)
      })
    )
  })

  it("holds no more than it may, whatever comes, and gives all of it back", () => {
    const hostile = frames.filter(isNumbered)
    fc.assert(
      fc.property(fc.array(hostile, { maxLength: 30 }), fc.boolean(), (given, numbered) => {
        const budget: AssemblyBudget = { available: 5000 }
        const inbound = makeInbound(1000, budget)
        given.forEach((frame, sequence) => {
          const piece =
            frame._tag === "Piece" ? { total: frame.total % 2000, offset: frame.offset % 3 === 0 ? 0 : frame.offset % 2000 } : {}
          const arrival = inbound.accept({ ...frame, ...piece, ...(numbered ? { sequence } : {}) })
          if (arrival._tag === "Message") expect(arrival.body.length).toBeLessThanOrEqual(1000)
          expect(budget.available).toBeGreaterThanOrEqual(4000)
        })
        inbound.close()
        expect(budget.available).toBe(5000)
      }),
      { numRuns: 1000 }
    )
  })

  it("says when something is missing, too long, or there is no room", () => {
    const piece = { _tag: "Piece", sequence: 0, total: 900, offset: 0, body: new Uint8Array(10) } as const
    const reasonOf = (budget: number, ...given: ReadonlyArray<SessionFrame>) => {
      const inbound = makeInbound(1000, { available: budget })
      const last = given.map(inbound.accept).at(-1)
      return last?._tag === "Violation" ? last.reason : last?._tag
    }
    expect(reasonOf(5000, { _tag: "Ping", sequence: 1 })).toBe("messages were lost on the way")
    expect(reasonOf(5000, { ...piece, total: 1001 })).toBe("a message of 1001 bytes, over the limit of 1000")
    expect(reasonOf(5000, { _tag: "Whole", sequence: 0, body: new Uint8Array(1001) })).toBe(
      "a message of 1001 bytes, over the limit of 1000"
    )
    expect(reasonOf(500, piece)).toBe("too many long messages at a time")
    expect(reasonOf(5000, piece, { ...piece, sequence: 1 })).toBe("a message began within another")
    expect(reasonOf(5000, piece, { ...piece, sequence: 1, offset: 11 })).toBe("pieces of a message do not fit together")
    expect(reasonOf(5000, piece, { _tag: "Abandon", sequence: 1 }, { ...piece, sequence: 2 })).toBe("Nothing")
  })
})
