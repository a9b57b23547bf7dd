import { Line, Zone } from "@vigil/core/geometry/Zone"
import { Schema } from "effect"
import * as fc from "effect/FastCheck"
import { describe, expect, it } from "vitest"
import { edit, editing, editingMasks, freeName, mostCorners, type ShapeAction, type Shapes } from "../../src/zone/ShapeEditing.js"

const empty = editing([], [])
const after = (shapes: Shapes, ...actions: ReadonlyArray<ShapeAction>): Shapes => actions.reduce(edit, shapes)
const place = (x: number, y: number): ShapeAction => ({ _tag: "Place", at: { x, y } })
const start: ShapeAction = { _tag: "StartZone" }
const finish: ShapeAction = { _tag: "Finish" }

describe("drawing a zone", () => {
  const triangle = [place(0.1, 0.1), place(0.9, 0.1), place(0.5, 0.8)]

  it("takes the corners in order and selects the finished zone", () => {
    const shapes = after(empty, start, ...triangle, finish)
    expect(shapes.zones).toEqual([
      {
        name: "Zone 1",
        polygon: [
          { x: 0.1, y: 0.1 },
          { x: 0.9, y: 0.1 },
          { x: 0.5, y: 0.8 }
        ]
      }
    ])
    expect(shapes.selected).toEqual({ kind: "zone", index: 0 })
    expect(shapes.drawing).toBeUndefined()
  })

  it("makes masks where masks are drawn, 32 at the most", () => {
    const [mask, ...others] = after(
      editingMasks([], true),
      ...Array.from({ length: 40 }, () => [start, ...triangle, finish]).flat()
    ).zones
    expect(mask?.name).toBe("Mask 1")
    expect(others).toHaveLength(31)
  })

  it("leaves masks as they are to whoever may not uncover what they hide, but for their names", () => {
    const polygon = [
      { x: 0.1, y: 0.1 },
      { x: 0.9, y: 0.1 },
      { x: 0.5, y: 0.8 }
    ]
    const masks = editingMasks([{ name: "Neighbour", polygon }], false)
    const own = { kind: "zone", index: 1 } as const
    const shown = after(
      masks,
      { _tag: "Remove", selection: { kind: "zone", index: 0 } },
      { _tag: "MoveCorner", selection: { kind: "zone", index: 0 }, corner: 0, to: { x: 0, y: 0 } },
      { _tag: "InsertCorner", index: 0, after: 0 },
      { _tag: "RemoveCorner", index: 0, corner: 0 },
      { _tag: "Rename", selection: { kind: "zone", index: 0 }, name: "Garden" },
      { _tag: "AddRectangle" },
      { _tag: "MoveCorner", selection: own, corner: 0, to: { x: 0, y: 0 } }
    )
    expect(shown.zones[0]).toEqual({ name: "Garden", polygon })
    expect(shown.zones[1]?.polygon[0]).toEqual({ x: 0, y: 0 })
    expect(after(shown, { _tag: "Remove", selection: own }).zones).toHaveLength(1)
  })

  it("is finished by the first corner again", () => {
    expect(after(empty, start, ...triangle, place(0.103, 0.101)).zones[0]?.polygon).toHaveLength(3)
  })

  it("takes a double click as one corner", () => {
    expect(after(empty, start, place(0.2, 0.2), place(0.201, 0.2)).drawing).toHaveLength(1)
  })

  it("makes no zone of fewer than three corners, and none when cancelled", () => {
    expect(after(empty, start, place(0.1, 0.1), place(0.9, 0.1), finish)).toEqual(empty)
    expect(after(empty, start, ...triangle, { _tag: "Cancel" })).toEqual(empty)
  })

  it("takes back the last corner", () => {
    expect(after(empty, start, ...triangle, { _tag: "UndoPlace" }).drawing).toEqual([
      { x: 0.1, y: 0.1 },
      { x: 0.9, y: 0.1 }
    ])
  })

  it("places nothing while no zone is drawn", () => {
    expect(after(empty, place(0.5, 0.5))).toBe(empty)
  })
})

describe("changing shapes", () => {
  const square = after(empty, { _tag: "AddRectangle" })
  const zone = { kind: "zone", index: 0 } as const

  it("adds a corner in the middle of an edge, the last edge too", () => {
    expect(after(square, { _tag: "InsertCorner", index: 0, after: 0 }).zones[0]?.polygon[1]).toEqual({ x: 0.5, y: 0.3 })
    expect(after(square, { _tag: "InsertCorner", index: 0, after: 3 }).zones[0]?.polygon[4]).toEqual({ x: 0.3, y: 0.5 })
  })

  it("leaves a triangle its corners", () => {
    const remove = { _tag: "RemoveCorner", index: 0, corner: 0 } as const
    expect(after(square, remove, remove, remove).zones[0]?.polygon).toHaveLength(3)
  })

  it("moves the ends of a line and turns it", () => {
    const selection = { kind: "line", index: 0 } as const
    const shapes = after(
      empty,
      { _tag: "AddLine" },
      { _tag: "MoveCorner", selection, corner: 1, to: { x: 0.9, y: 2 } },
      { _tag: "Direct", index: 0, direction: "forward" }
    )
    expect(shapes.lines[0]).toMatchObject({ from: { x: 0.5, y: 0.25 }, to: { x: 0.9, y: 1 }, direction: "forward" })
  })

  it("renames and removes", () => {
    expect(after(square, { _tag: "Rename", selection: zone, name: "Gate" }).zones[0]?.name).toBe("Gate")
    expect(after(square, { _tag: "Remove", selection: zone })).toEqual(empty)
  })

  it("names new shapes as no other is named", () => {
    expect(freeName("Zone", [{ name: "Zone 1" }, { name: "Zone 3" }])).toBe("Zone 2")
  })
})

const coordinate = fc.double({ min: -1, max: 2, noNaN: true })
const point = fc.record({ x: coordinate, y: coordinate })
const small = fc.integer({ min: 0, max: 5 })
const selection = fc.record({ kind: fc.constantFrom("zone" as const, "line" as const), index: small })
const action: fc.Arbitrary<ShapeAction> = fc.oneof(
  { weight: 4, arbitrary: point.map((at) => ({ _tag: "Place", at }) as const) },
  fc.constantFrom<ShapeAction>(
    start,
    finish,
    { _tag: "Cancel" },
    { _tag: "UndoPlace" },
    { _tag: "AddRectangle" },
    { _tag: "AddLine" }
  ),
  fc.record({ _tag: fc.constant("MoveCorner" as const), selection, corner: small, to: point }),
  fc.record({ _tag: fc.constant("InsertCorner" as const), index: small, after: small }),
  fc.record({ _tag: fc.constant("RemoveCorner" as const), index: small, corner: small }),
  fc.record({ _tag: fc.constant("Remove" as const), selection })
)

it("whatever is done, the drawn shapes are ones that the contract takes", () => {
  const zones = Schema.decodeUnknownSync(Schema.Array(Zone))
  const lines = Schema.decodeUnknownSync(Schema.Array(Line))
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const shapes = after(empty, ...actions)
      expect(() => zones(shapes.zones)).not.toThrow()
      expect(() => lines(shapes.lines)).not.toThrow()
      expect(shapes.drawing?.length ?? 0).toBeLessThanOrEqual(mostCorners)
    })
  )
})
