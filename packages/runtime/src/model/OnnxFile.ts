import * as Data from "effect/Data"
import * as Either from "effect/Either"
import { bytesField, concatBytes, type ProtoField, ProtoReader, ProtoSyntaxError, varintField } from "./ProtoReader.js"

/** Not an ONNX model, or one that goes beyond what is safe to read. */
export class OnnxSyntaxError extends Data.TaggedError("OnnxSyntaxError")<{ readonly detail: string }> {
  override get message() {
    return this.detail
  }
}

/** Element types that matter here (onnx.proto, TensorProto.DataType); others are `other`. */
export type OnnxElement = "float32" | "uint8" | "int8" | "int32" | "int64" | "float16" | "float64" | "other"

/** An input or output of the graph. A dimension is a size, the name of a free one, or unknown; `dims` is absent where no shape is declared. */
export interface OnnxValue {
  readonly name: string
  readonly element: OnnxElement
  readonly dims?: ReadonlyArray<number | string | undefined>
}

/** What an ONNX file says about its model; weights are not read. */
export interface OnnxFile {
  readonly producer: string
  /** Domain (empty for the standard operators) to version. */
  readonly opsets: ReadonlyMap<string, number>
  /** Without those that only name a weight. */
  readonly inputs: ReadonlyArray<OnnxValue>
  readonly outputs: ReadonlyArray<OnnxValue>
  /** Operator (`domain:name` outside of the standard domain) to how often it is used, subgraphs included. */
  readonly operators: ReadonlyMap<string, number>
  /** Key-value pairs that the exporter left, for example `names` of Ultralytics. */
  readonly metadata: ReadonlyMap<string, string>
}

const limits = { nodes: 200_000, depth: 8, values: 1024, dims: 16, metadata: 64 }

const elements: Record<number, OnnxElement> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  6: "int32",
  7: "int64",
  10: "float16",
  11: "float64"
}

/** Field numbers of onnx.proto (IR version 3 and later). */
const Model = { producer: 2, graph: 7, opset: 8, metadata: 14, functions: 25 }
const Graph = { node: 1, initialiser: 5, input: 11, output: 12, valueInfo: 13, sparseInitialiser: 15 }
const Node = { operator: 4, attribute: 5, domain: 7 }
const Attribute = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparseTensor: 22, sparseTensors: 23 }
const Tensor = { name: 8, externalData: 13, dataLocation: 14 }

/**
 * Reads a model's interface from the bytes of an ONNX file (onnx.proto). Time and memory are bounded by the file's size; weights are
 * passed over. A model that keeps weights in other files is refused: they would escape the checksum, and could name any file.
 */
export const readOnnx = (bytes: Uint8Array): Either.Either<OnnxFile, OnnxSyntaxError> =>
  attempt(() => {
    const opsets = new Map<string, number>()
    const metadata = new Map<string, string>()
    const graph = new GraphReader()
    let producer = ""
    let graphs = 0
    const reader = new ProtoReader(bytes)
    for (let field = reader.next(); field !== undefined; field = reader.next()) {
      if (field.number === Model.producer) producer = reader.text(field)
      else if (field.number === Model.graph) {
        graphs += 1
        graph.read(reader.message(field), 0)
      } else if (field.number === Model.opset) {
        const { text, integer } = textAndInteger(reader.message(field))
        opsets.set(text === "ai.onnx" ? "" : text, integer)
      } else if (field.number === Model.functions) {
        throw new OnnxSyntaxError({ detail: "defines operators of its own; export it with them inlined" })
      } else if (field.number === Model.metadata && metadata.size < limits.metadata) {
        const { key, value } = keyAndValue(reader.message(field))
        metadata.set(key, value)
      }
    }
    if (graphs !== 1) throw new OnnxSyntaxError({ detail: graphs === 0 ? "holds no graph" : "holds more than one graph" })
    if (opsets.size === 0) throw new OnnxSyntaxError({ detail: "names no operator set" })
    const inputs = graph.inputs.filter(({ name }) => !graph.weights.has(name))
    if (inputs.length === 0 || graph.outputs.length === 0) throw new OnnxSyntaxError({ detail: "has no input or no output" })
    return { producer, opsets, inputs, outputs: graph.outputs, operators: graph.operators, metadata }
  })

const sparseWeights = () => new OnnxSyntaxError({ detail: "has sparse weights, which are not supported" })

class GraphReader {
  readonly inputs: Array<OnnxValue> = []
  readonly outputs: Array<OnnxValue> = []
  readonly weights = new Set<string>()
  readonly operators = new Map<string, number>()
  #nodes = 0

  read(reader: ProtoReader, depth: number): void {
    if (depth > limits.depth) throw new OnnxSyntaxError({ detail: `nests graphs deeper than ${limits.depth}` })
    for (let field = reader.next(); field !== undefined; field = reader.next()) {
      if (field.number === Graph.node) this.#node(reader.message(field), depth)
      else if (field.number === Graph.initialiser) this.weights.add(tensorName(reader.message(field)))
      else if (field.number === Graph.sparseInitialiser) throw sparseWeights()
      else if (depth === 0 && field.number === Graph.input) append(this.inputs, value(reader.message(field)))
      else if (depth === 0 && field.number === Graph.output) append(this.outputs, value(reader.message(field)))
    }
  }

  #node(reader: ProtoReader, depth: number): void {
    this.#nodes += 1
    if (this.#nodes > limits.nodes) throw new OnnxSyntaxError({ detail: `has more than ${limits.nodes} nodes` })
    let operator = ""
    let domain = ""
    for (let field = reader.next(); field !== undefined; field = reader.next()) {
      if (field.number === Node.operator) operator = reader.text(field, 256)
      else if (field.number === Node.domain) domain = reader.text(field, 256)
      else if (field.number === Node.attribute) this.#attribute(reader.message(field), depth)
    }
    const name = domain === "" || domain === "ai.onnx" ? operator : `${domain}:${operator}`
    this.operators.set(name, (this.operators.get(name) ?? 0) + 1)
  }

  #attribute(reader: ProtoReader, depth: number): void {
    for (let field = reader.next(); field !== undefined; field = reader.next()) {
      if (field.number === Attribute.graph || field.number === Attribute.graphs) this.read(reader.message(field), depth + 1)
      else if (field.number === Attribute.tensor || field.number === Attribute.tensors) tensorName(reader.message(field))
      else if (field.number === Attribute.sparseTensor || field.number === Attribute.sparseTensors) throw sparseWeights()
    }
  }
}

const append = (values: Array<OnnxValue>, next: OnnxValue): void => {
  if (values.length >= limits.values) throw new OnnxSyntaxError({ detail: `has more than ${limits.values} inputs or outputs` })
  values.push(next)
}

const tensorName = (reader: ProtoReader): string => {
  let name = ""
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === Tensor.name) name = reader.text(field)
    else if (field.number === Tensor.externalData || (field.number === Tensor.dataLocation && reader.integer(field) !== 0)) {
      throw new OnnxSyntaxError({ detail: "keeps weights in other files; export it as one file" })
    }
  }
  return name
}

/** ValueInfoProto{name 1, type 2}, TypeProto{tensor 1}, TypeProto.Tensor{elem_type 1, shape 2}, TensorShapeProto{dim 1}. */
const value = (reader: ProtoReader): OnnxValue => {
  let name = ""
  let element: OnnxElement = "other"
  let dims: ReadonlyArray<number | string | undefined> | undefined
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === 1) name = reader.text(field)
    const tensor = field.number === 2 ? tensorType(reader, field) : undefined
    if (tensor === undefined) continue
    for (let part = tensor.next(); part !== undefined; part = tensor.next()) {
      if (part.number === 1) element = elements[tensor.integer(part)] ?? "other"
      else if (part.number === 2) dims = shape(tensor.message(part))
    }
  }
  return dims === undefined ? { name, element } : { name, element, dims }
}

const tensorType = (reader: ProtoReader, field: ProtoField): ProtoReader | undefined => {
  const type = reader.message(field)
  for (let part = type.next(); part !== undefined; part = type.next()) if (part.number === 1) return type.message(part)
  return undefined
}

const shape = (reader: ProtoReader): ReadonlyArray<number | string | undefined> => {
  const dims: Array<number | string | undefined> = []
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number !== 1) continue
    if (dims.length >= limits.dims) throw new OnnxSyntaxError({ detail: `has a shape of more than ${limits.dims} dimensions` })
    const dim = reader.message(field)
    const part = dim.next()
    dims.push(
      part === undefined ? undefined : part.number === 1 ? dim.integer(part) : part.number === 2 ? dim.text(part, 256) : undefined
    )
  }
  return dims
}

const textAndInteger = (reader: ProtoReader): { readonly text: string; readonly integer: number } => {
  let text = ""
  let integer = 0
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === 1) text = reader.text(field, 256)
    else if (field.number === 2) integer = reader.integer(field)
  }
  return { text, integer }
}

const keyAndValue = (reader: ProtoReader): { readonly key: string; readonly value: string } => {
  let key = ""
  let value = ""
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.number === 1) key = reader.text(field)
    else if (field.number === 2) value = reader.text(field, 1_048_576)
  }
  return { key, value }
}

/**
 * The same model with another shape of one float input: sizes, or names for free dimensions. Declared shapes of outputs and of values in
 * between are left out, for they may no longer hold; whether the graph works with the new shape only a run can tell.
 */
export const withInputShape = (
  bytes: Uint8Array,
  input: string,
  dims: ReadonlyArray<number | string>
): Either.Either<Uint8Array, OnnxSyntaxError> =>
  attempt(() => {
    let found = false
    const model = mapFields(bytes, 0, bytes.length, (field) => {
      if (field.number !== Model.graph) return "keep"
      return bytesField(
        Model.graph,
        mapFields(bytes, field.from, field.to, (part) => {
          if (part.number === Graph.valueInfo) return "drop"
          if (part.number !== Graph.input && part.number !== Graph.output) return "keep"
          const { name, element } = value(new ProtoReader(bytes, part.from, part.to))
          const code = elementCode(element)
          if (part.number === Graph.output)
            return code === undefined ? "keep" : bytesField(Graph.output, valueInfo(name, code, undefined))
          if (name !== input || code === undefined) return "keep"
          found = true
          return bytesField(Graph.input, valueInfo(name, code, dims))
        })
      )
    })
    if (!found) throw new OnnxSyntaxError({ detail: `has no input ${input}` })
    return model
  })

/** The message in `from`..`to` with its fields kept, dropped or replaced. */
const mapFields = (
  bytes: Uint8Array,
  from: number,
  to: number,
  decide: (field: ProtoField) => "keep" | "drop" | Uint8Array
): Uint8Array => {
  const parts: Array<Uint8Array> = []
  const reader = new ProtoReader(bytes, from, to)
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    const decision = decide(field)
    if (decision !== "drop") parts.push(decision === "keep" ? bytes.subarray(field.start, field.end) : decision)
  }
  return concatBytes(parts)
}

const elementCode = (element: OnnxElement): number | undefined => {
  const found = Object.entries(elements).find(([, name]) => name === element)
  return found === undefined ? undefined : Number(found[0])
}

const valueInfo = (name: string, element: number, dims: ReadonlyArray<number | string> | undefined): Uint8Array => {
  const parts = [varintField(1, element)]
  if (dims !== undefined) {
    parts.push(
      bytesField(
        2,
        concatBytes(
          dims.map((dim) => bytesField(1, typeof dim === "number" ? varintField(1, dim) : bytesField(2, Buffer.from(dim))))
        )
      )
    )
  }
  return concatBytes([bytesField(1, Buffer.from(name)), bytesField(2, bytesField(1, concatBytes(parts)))])
}

const attempt = <A>(read: () => A): Either.Either<A, OnnxSyntaxError> =>
  Either.try({
    try: read,
    catch: (cause) => {
      if (cause instanceof OnnxSyntaxError) return cause
      if (cause instanceof ProtoSyntaxError) return new OnnxSyntaxError({ detail: `not an ONNX file: ${cause.message}` })
      throw cause
    }
  })
