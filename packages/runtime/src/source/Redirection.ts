import { SourceError } from "@vigil/core/Source"
import { displayUrl, parseSourceUrl, type SourceAddress } from "@vigil/core/SourceUrl"
import { Effect } from "effect"

/**
 * Where a redirection leads to. It stays within the protocol and never goes from TLS to plain text; credentials go along to the same
 * host only.
 */
export const followRedirection = (
  from: SourceAddress,
  location: string,
  schemes: { readonly plain: SourceAddress["scheme"]; readonly secure: SourceAddress["scheme"] }
): Effect.Effect<SourceAddress, SourceError> =>
  Effect.gen(function* () {
    const refuse = (detail: string) => new SourceError({ reason: "protocol", url: displayUrl(from.url), detail })
    const absolute =
      /^[a-z]+:\/\//i.test(location) || !URL.canParse(location, from.url) ? location : new URL(location, from.url).href
    const { scheme, url } = yield* parseSourceUrl(absolute)
    if (scheme !== schemes.plain && scheme !== schemes.secure) {
      return yield* refuse(`The camera redirects to ${scheme}, which is another protocol`)
    }
    if (from.scheme === schemes.secure && scheme === schemes.plain) {
      return yield* refuse(`The camera redirects from ${from.scheme} to unencrypted ${scheme}`)
    }
    const sameHost = new URL(from.url).hostname === new URL(url).hostname
    return { scheme, url, credentials: sameHost ? from.credentials : undefined }
  })

/** What to fail with when a server redirects without end. */
export const tooManyRedirections = (url: string, limit: number): SourceError =>
  new SourceError({ reason: "protocol", url: displayUrl(url), detail: `The camera redirects more than ${limit} times` })
