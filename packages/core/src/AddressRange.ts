import { Either, Schema } from "effect"

/** IPv4 addresses from one to another, both included, as numbers. */
export interface AddressSpan {
  readonly first: number
  readonly last: number
}

const part = /^(?:0|[1-9]\d{0,2})$/

/** An IPv4 address in dotted form as a number; undefined of anything else. */
export const parseAddress = (text: string): number | undefined => {
  const parts = text.split(".")
  if (parts.length !== 4 || parts.some((digits) => !part.test(digits) || Number(digits) > 255)) return undefined
  return parts.reduce((sum, digits) => sum * 256 + Number(digits), 0)
}

export const formatAddress = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".")

const network = (address: number | undefined, bits: string): AddressSpan | undefined => {
  if (address === undefined || !/^(?:[0-9]|[12]\d|3[0-2])$/.test(bits)) return undefined
  const size = 2 ** (32 - Number(bits))
  const first = Math.floor(address / size) * size
  return { first, last: first + size - 1 }
}

const span = (first: number | undefined, last: number | undefined): AddressSpan | undefined =>
  first === undefined || last === undefined || last < first ? undefined : { first, last }

/** `192.168.1.7`, `192.168.1.0/24` or `192.168.1.10-192.168.1.40`; undefined of anything else. */
export const parseAddressSpan = (text: string): AddressSpan | undefined => {
  const [left = "", right, ...more] = text.trim().split(/\s*[-/]\s*/)
  if (more.length > 0) return undefined
  const address = parseAddress(left)
  if (right === undefined) return span(address, address)
  return text.includes("/") ? network(address, right) : span(address, parseAddress(right))
}

/** What {@link parseAddressSpan} reads. */
export const AddressRange = Schema.Trim.pipe(
  Schema.maxLength(40),
  Schema.filter(
    (text) =>
      parseAddressSpan(text) !== undefined ||
      "expected IPv4 addresses as 192.168.1.0/24, 192.168.1.10-192.168.1.40 or 192.168.1.7"
  )
).annotations({ identifier: "AddressRange" })

/** Where cameras are by right: the private networks (RFC 1918). */
export const privateNetworks: ReadonlyArray<AddressSpan> = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].flatMap(
  (text) => parseAddressSpan(text) ?? []
)

/** A comma-separated list, as configuration has it. */
export const parseAddressSpans = (texts: ReadonlyArray<string>): Either.Either<ReadonlyArray<AddressSpan>, string> => {
  const spans: Array<AddressSpan> = []
  for (const text of texts) {
    const parsed = parseAddressSpan(text)
    if (parsed === undefined) return Either.left(`${text} is no IPv4 network, as 10.0.0.0/8, and no address`)
    spans.push(parsed)
  }
  return Either.right(spans)
}

const merged = (spans: ReadonlyArray<AddressSpan>): ReadonlyArray<AddressSpan> => {
  const found: Array<AddressSpan> = []
  for (const next of [...spans].sort((a, b) => a.first - b.first)) {
    const last = found.at(-1)
    if (last === undefined || next.first > last.last + 1) found.push(next)
    else found[found.length - 1] = { first: last.first, last: Math.max(last.last, next.last) }
  }
  return found
}

/** Whether all addresses of a span are in one of the networks. */
export const isWithin = ({ first, last }: AddressSpan, networks: ReadonlyArray<AddressSpan>): boolean =>
  merged(networks).some((one) => one.first <= first && last <= one.last)

/** How many addresses they have; those in several of them once. */
export const countAddresses = (spans: ReadonlyArray<AddressSpan>): number =>
  merged(spans).reduce((sum, { first, last }) => sum + last - first + 1, 0)

/** Each address once, in order. */
export function* addressesOf(spans: ReadonlyArray<AddressSpan>): Generator<string> {
  for (const { first, last } of merged(spans)) for (let address = first; address <= last; address++) yield formatAddress(address)
}
