import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"
import { notOnnx, truncated } from "@vigil/fixtures/onnx/BrokenModels"
import { fixedYolox } from "@vigil/fixtures/onnx/FixedModels"
import { onnxGraph } from "@vigil/fixtures/onnx/OnnxGraph"
import { readOnnx, withInputShape } from "@vigil/runtime/model/OnnxFile"
import { bytesField, concatBytes, ProtoReader, ProtoSyntaxError, varintField } from "@vigil/runtime/model/ProtoReader"
import { Either } from "effect"
import * as fc from "effect/FastCheck"
import { noSamples, sample } from "../material/Samples.js"

const tiny = fixedYolox({ size: { width: 64, height: 32 }, classes: 2, detections: [] })

const read = (bytes: Uint8Array) => Either.getOrThrow(readOnnx(bytes))

const refusal = (bytes: Uint8Array): string =>
  Either.match(readOnnx(bytes), { onLeft: ({ detail }) => detail, onRight: () => "was read" })

/** A model whose graph has one node with one attribute, and one input and output of no shape. */
const withAttribute = (attribute: Uint8Array): Uint8Array => {
  const text = (number: number, value: string) => bytesField(number, Buffer.from(value))
  const graph = concatBytes([
    bytesField(1, concatBytes([text(4, "Constant"), bytesField(5, attribute)])),
    bytesField(11, text(1, "in")),
    bytesField(12, text(1, "out"))
  ])
  return concatBytes([varintField(1, 8), bytesField(7, graph), bytesField(8, varintField(2, 17))])
}

describe("OnnxFile", () => {
  it("reads inputs, outputs, operators and the operator set", () => {
    const onnx = read(tiny)
    expect(onnx.inputs).toEqual([{ name: "images", element: "float32", dims: [1, 3, 32, 64] }])
    expect(onnx.outputs).toEqual([{ name: "output", element: "float32", dims: [1, 32 + 8 + 2, 7] }])
    expect(Object.fromEntries(onnx.operators)).toEqual({ ReduceMax: 1, Mul: 1, Add: 1, Identity: 1 })
    expect(onnx.opsets.get("")).toBeGreaterThanOrEqual(11)
  })

  it("reads free and unknown dimensions", () => {
    const graph = onnxGraph("free")
    graph.output("out", graph.node("Relu", [graph.input("in", ["batch", 3, "height", 8])]), ["batch", 3, "height", 8])
    expect(read(graph.model()).inputs[0]?.dims).toEqual(["batch", 3, "height", 8])
  })

  it("changes the input's shape and nothing else", () => {
    const changed = Either.getOrThrow(withInputShape(tiny, "images", [1, 3, "height", 96]))
    expect(read(changed).inputs[0]?.dims).toEqual([1, 3, "height", 96])
    expect(read(changed).outputs).toEqual([{ name: "output", element: "float32" }])
    const back = Either.getOrThrow(withInputShape(changed, "images", [1, 3, 32, 64]))
    expect(read(back).inputs).toEqual(read(tiny).inputs)
    expect(read(back).operators).toEqual(read(tiny).operators)
    expect(Either.isLeft(withInputShape(tiny, "pictures", [1]))).toBe(true)
  })

  it("refuses what is not an ONNX model", () => {
    expect(refusal(notOnnx)).toContain("not an ONNX file")
    expect(refusal(new Uint8Array())).toBe("holds no graph")
    expect(refusal(truncated(tiny))).toContain("is cut off")
    expect(refusal(concatBytes([tiny, tiny]))).toBe("holds more than one graph")
  })

  it("refuses weights in other files, wherever a tensor may be", () => {
    const elsewhere = concatBytes([
      varintField(14, 1),
      bytesField(13, concatBytes([bytesField(1, Buffer.from("location")), bytesField(2, Buffer.from("/etc/passwd"))]))
    ])
    expect(refusal(withAttribute(bytesField(5, elsewhere)))).toContain("in other files")
    const graphAttribute = bytesField(6, bytesField(5, elsewhere))
    expect(refusal(withAttribute(graphAttribute))).toContain("in other files")
  })

  it("refuses sparse weights and operators of its own, which could hide such tensors", () => {
    const elsewhere = varintField(14, 1)
    for (const kind of [22, 23]) {
      expect(refusal(withAttribute(bytesField(kind, bytesField(1, elsewhere))))).toContain("sparse weights")
    }
    const constant = bytesField(7, bytesField(5, bytesField(5, elsewhere)))
    expect(refusal(concatBytes([tiny, bytesField(25, constant)]))).toContain("operators of its own")
  })

  it("refuses graphs that nest without end", () => {
    let attribute: Uint8Array = bytesField(6, new Uint8Array())
    for (let depth = 0; depth < 50; depth++) attribute = bytesField(6, bytesField(1, bytesField(5, attribute)))
    expect(refusal(withAttribute(attribute))).toContain("nests graphs deeper")
  })

  it("answers any bytes with a model or a refusal", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void readOnnx(bytes)),
      { numRuns: 500 }
    )
  })

  it("answers any damaged model with a model or a refusal, and so does its change of shape", () => {
    const damage = fc.array(fc.record({ at: fc.nat({ max: tiny.length - 1 }), value: fc.integer({ min: 0, max: 255 }) }), {
      minLength: 1,
      maxLength: 8
    })
    fc.assert(
      fc.property(damage, fc.nat({ max: tiny.length }), (changes, length) => {
        const bytes = Uint8Array.from(tiny)
        for (const { at, value } of changes) bytes[at] = value
        for (const broken of [bytes, bytes.subarray(0, length)]) {
          const changed = withInputShape(broken, "images", [1, 3, 64, 64])
          if (Either.isRight(changed) && Either.isRight(readOnnx(broken)))
            expect(Either.isRight(readOnnx(changed.right))).toBe(true)
        }
      }),
      { numRuns: 2000 }
    )
  })

  it("never reads outside of a message", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat({ max: 200 }), fc.nat({ max: 200 }), (bytes, a, b) => {
        const from = Math.min(a, b, bytes.length)
        const to = Math.min(Math.max(a, b), bytes.length)
        const reader = new ProtoReader(bytes, from, to)
        try {
          for (let field = reader.next(); field !== undefined; field = reader.next()) {
            expect(field.start).toBeGreaterThanOrEqual(from)
            expect(field.end).toBeLessThanOrEqual(to)
            expect(field.to).toBeLessThanOrEqual(field.end)
          }
        } catch (cause) {
          expect(cause).toBeInstanceOf(ProtoSyntaxError)
        }
      })
    )
  })

  it("reads signed numbers back", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const reader = new ProtoReader(varintField(3, value))
        const field = reader.next()
        expect(field === undefined ? undefined : reader.integer(field)).toBe(value)
      })
    )
    const minusOne = new ProtoReader(Uint8Array.of(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1))
    const field = minusOne.next()
    expect(field === undefined ? undefined : minusOne.integer(field)).toBe(-1)
  })

  it("reads real models", ({ skip }) => {
    const file = sample("models/yolox_nano_416.onnx")
    skip(file === undefined, noSamples)
    const onnx = read(readFileSync(file ?? ""))
    expect(onnx.producer).toBe("pytorch")
    expect(onnx.inputs).toEqual([{ name: "images", element: "float32", dims: [1, 3, 416, 416] }])
    expect(onnx.outputs).toEqual([{ name: "output", element: "float32", dims: [1, 3549, 85] }])
    expect(onnx.operators.get("Conv")).toBe(113)
  })
})
