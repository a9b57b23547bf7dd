/**
 * A demuxer's packets are freed when the garbage collector finds their wrappers, but a wrapper is small: without help, hundreds of
 * megabytes pile up behind a young generation that looks empty. So a young collection is run after this many bytes.
 */
const budget = 16 * 1024 * 1024

type Collector = (options: { readonly type: "minor" }) => void

/** There when Node runs with --expose-gc, as media workers do. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's types say nothing of it
const collect: Collector | undefined = (globalThis as { gc?: Collector }).gc

let bytes = 0

/** Says that so many bytes of native memory were handed to JavaScript. */
export const countNativeBytes = (count: number): void => {
  bytes += count
  if (bytes < budget) return
  bytes = 0
  collect?.({ type: "minor" })
}
