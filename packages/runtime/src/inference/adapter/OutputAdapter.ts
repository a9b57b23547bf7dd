import type { Size } from "@vigil/core/geometry/BoundingBox"
import type { CandidateBuffer } from "../CandidateBuffer.js"

/** A model's output tensor. */
export interface RawOutput {
  readonly name: string
  readonly dims: ReadonlyArray<number>
  readonly data: Float32Array
}

/** Name and shape of an output, as the graph declares them or as a run gave them. */
export type OutputShape = Pick<RawOutput, "name" | "dims">

/** Reads the outputs of one family of models. Pure over typed arrays; a model of a new family is one more file and one line in `adapters`. */
export interface OutputAdapter {
  /** What the family's outputs look like for an input of this size, for people: `[1, 3549, 85]`. */
  readonly expected: (input: Size, classes: number) => string
  /** Whether outputs of these shapes can be read for an input of this size. */
  readonly matches: (outputs: ReadonlyArray<OutputShape>, input: Size, classes: number) => boolean
  /** Adds every box with a score of at least `threshold`, in input pixels. Outputs match. */
  readonly decode: (
    outputs: ReadonlyArray<RawOutput>,
    input: Size,
    classes: number,
    threshold: number,
    candidates: CandidateBuffer
  ) => void
}

/** Strides of the three heads that the families here have, finest first. */
export const strides = [8, 16, 32] as const

/** Columns and rows of a head; heads of NanoDet round up where the input is no multiple of the stride. */
export const gridOf = (input: Size, stride: number): { readonly columns: number; readonly rows: number } => ({
  columns: Math.ceil(input.width / stride),
  rows: Math.ceil(input.height / stride)
})

/** Cells of all heads together. */
export const cellsOf = (input: Size): number =>
  strides.reduce((cells, stride) => {
    const { columns, rows } = gridOf(input, stride)
    return cells + columns * rows
  }, 0)

export const hasShape = (output: OutputShape, ...dims: ReadonlyArray<number>): boolean =>
  output.dims.length === dims.length && dims.every((dim, at) => output.dims[at] === dim)
