import { ConfigError, Either } from "effect"
import { BlockList, isIP, isIPv4 } from "node:net"

/** Addresses and networks that requests may come from. */
export interface AddressList {
  readonly has: (address: string) => boolean
}

const family = (address: string) => (isIPv4(address) ? "ipv4" : "ipv6")

/** Node says `::ffff:192.0.2.1` of IPv4 clients of a socket for both. */
const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, "")

const add = (list: BlockList, entry: string): boolean => {
  const [address = "", length, ...more] = entry.split("/")
  if (isIP(address) === 0 || more.length > 0) return false
  if (length === undefined) {
    list.addAddress(address, family(address))
    return true
  }
  if (!/^\d{1,3}$/.test(length) || Number(length) > (isIPv4(address) ? 32 : 128)) return false
  list.addSubnet(address, Number(length), family(address))
  return true
}

/** Of `192.0.2.0/24`, `2001:db8::/32` and single addresses. */
export const parseAddressList = (entries: ReadonlyArray<string>): Either.Either<AddressList, ConfigError.ConfigError> => {
  const list = new BlockList()
  const wrong = entries.filter((entry) => !add(list, entry.trim()))
  if (wrong.length > 0) {
    return Either.left(
      ConfigError.InvalidData([], `expected addresses and networks like 192.0.2.0/24, but got ${wrong.join(", ")}`)
    )
  }
  return Either.right({ has: (address) => isIP(plain(address)) !== 0 && list.check(plain(address), family(plain(address))) })
}
