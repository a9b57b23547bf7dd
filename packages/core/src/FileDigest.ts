import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex } from "@noble/hashes/utils.js"

/**
 * The SHA-256 of bytes that come in pieces, in lower-case hex. In script, as WebCrypto wants all of them at once, and is not there at all in a page that came
 * over plain HTTP.
 */
export const sha256Of = async (pieces: AsyncIterable<Uint8Array>): Promise<string> => {
  const hash = sha256.create()
  for await (const piece of pieces) hash.update(piece)
  return bytesToHex(hash.digest())
}
