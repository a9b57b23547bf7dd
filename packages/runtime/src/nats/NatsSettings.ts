import { readFileSync } from "node:fs"
import { checkServerIdentity, type PeerCertificate } from "node:tls"
import { startTimeout } from "@vigil/core/StartTimeout"
import { Config, Duration, Either, Option, Redacted } from "effect"
import {
  type Authenticator,
  type ConnectionOptions,
  credsAuthenticator,
  nkeyAuthenticator,
  usernamePasswordAuthenticator
} from "nats"
import { NatsError } from "./NatsError.js"

/** How to reach NATS. At most one way to authenticate: user and password, NKey or credentials. */
export interface NatsSettings {
  /**
   * One or more addresses of one NATS cluster, separated by commas: `nats://host:4222`, or `tls://host:4222` to insist on TLS. User information in it counts
   * as `user` and `password`.
   */
  readonly url: string
  /** Separates clusters that share a server. Letters, digits, dash and underscore. */
  readonly cluster: string
  /** What the server's monitoring shows for this client. */
  readonly name?: string
  readonly user?: string
  readonly password?: Redacted.Redacted
  /** File of the password; read again for every connection. */
  readonly passwordFile?: string
  /** File of the user's NKey seed. */
  readonly nkey?: string
  /** File of the user's JWT and seed, as `nsc` writes it. */
  readonly credentials?: string
  readonly tls?: {
    /** PEM files: whom to trust, and what to show of oneself. */
    readonly ca?: string
    readonly cert?: string
    readonly key?: string
  }
  /** Milliseconds that the first connection may take while nobody answers at the address. Default 5000. */
  readonly startTimeout?: number
}

const defaultPort = 4222

/**
 * From the environment: `VIGIL_NATS_URL` (unless `url` is given), `VIGIL_CLUSTER` (vigil), `VIGIL_NATS_USER`, `VIGIL_NATS_PASSWORD` or
 * `VIGIL_NATS_PASSWORD_FILE`, `VIGIL_NATS_NKEY` (seed file), `VIGIL_NATS_CREDENTIALS` (file), `VIGIL_NATS_TLS_CA`, `VIGIL_NATS_TLS_CERT`, `VIGIL_NATS_TLS_KEY` (PEM files),
 * `VIGIL_START_TIMEOUT`.
 */
export const natsSettings = (url?: string): Config.Config<NatsSettings> =>
  Config.all({
    url: url === undefined ? Config.nonEmptyString("VIGIL_NATS_URL") : Config.succeed(url),
    cluster: clusterName,
    user: optional(Config.nonEmptyString("VIGIL_NATS_USER")),
    password: optional(Config.redacted("VIGIL_NATS_PASSWORD")),
    passwordFile: optional(Config.nonEmptyString("VIGIL_NATS_PASSWORD_FILE")),
    nkey: optional(Config.nonEmptyString("VIGIL_NATS_NKEY")),
    credentials: optional(Config.nonEmptyString("VIGIL_NATS_CREDENTIALS")),
    ca: optional(Config.nonEmptyString("VIGIL_NATS_TLS_CA")),
    cert: optional(Config.nonEmptyString("VIGIL_NATS_TLS_CERT")),
    key: optional(Config.nonEmptyString("VIGIL_NATS_TLS_KEY")),
    startTimeout: Config.map(startTimeout, Duration.toMillis)
  }).pipe(
    Config.map(({ ca, cert, cluster, key, url: address, ...access }) => {
      const tls = present({ ca, cert, key })
      return { url: address, cluster, ...present(access), ...(Object.keys(tls).length === 0 ? {} : { tls }) }
    })
  )

const clusterPattern = /^[A-Za-z0-9_-]{1,32}$/

const clusterName = Config.string().pipe(
  Config.validate({
    message: "expected up to 32 letters, digits, dashes and underscores",
    validation: (name) => clusterPattern.test(name)
  }),
  Config.nested("VIGIL_CLUSTER"),
  Config.withDefault("vigil")
)

const optional = <A>(config: Config.Config<A>): Config.Config<A | undefined> =>
  Config.map(Config.option(config), Option.getOrUndefined)

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

const present = <T extends object>(fields: T): Present<T> =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is left out is just what may be absent
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>

interface Address {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly user: string
  readonly password: string
}

/** Settings that have been checked. */
export interface ConnectOptions {
  /** For people: without user information. */
  readonly servers: string
  readonly options: ConnectionOptions
}

/** Checks the settings and reads their files: everything that can be wrong without a server. */
export const connecting = (settings: NatsSettings): Either.Either<ConnectOptions, NatsError> =>
  Either.gen(function* () {
    const addresses = yield* addressesOf(settings.url)
    const servers = addresses.map(({ host, port }) => `${host}:${port}`)
    const shown = servers.join(",")
    if (!clusterPattern.test(settings.cluster)) {
      return yield* refuse(
        shown,
        `the cluster's name ${JSON.stringify(settings.cluster.slice(0, 64))} is not up to 32 letters, digits, dashes and underscores`
      )
    }
    const authenticator = yield* authenticatorOf(settings, addresses, shown)
    const tls = yield* tlsOf(settings, addresses, shown)
    return {
      servers: shown,
      options: {
        servers,
        name: settings.name ?? `vigil-${settings.cluster}`,
        ...(authenticator === undefined ? {} : { authenticator }),
        ...(tls === undefined ? {} : { tls })
      }
    }
  })

const refuse = (servers: string, detail: string): Either.Either<never, NatsError> =>
  Either.left(new NatsError({ reason: "invalid-settings", servers, detail }))

/** A secret may hold anything and stand anywhere: of a wrong address no more is shown than what can only be a scheme and a host. */
const wrongAddress = (text: string): Either.Either<never, NatsError> =>
  refuse(
    /^([a-z]+:\/\/)?[\w.-]*/.exec(text.slice(text.lastIndexOf("@") + 1))?.[0].slice(0, 256) ?? "",
    "expected an address such as nats://127.0.0.1:4222, or several separated by commas; in user and password, commas and other marks are written as %2C"
  )

const addressesOf = (text: string): Either.Either<ReadonlyArray<Address>, NatsError> => {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
  if (parts.length === 0) {
    return refuse("(no address)", "set VIGIL_NATS_URL, for example nats://127.0.0.1:4222")
  }
  // Otherwise what looks like a host may be the beginning of a password with a comma in it.
  const splitsUser = parts.some((part, index) => index > 0 && part.includes("@") && !parts[index - 1].includes("@"))
  const addresses = parts.map(addressOf).filter((address) => address !== undefined)
  return splitsUser || addresses.length < parts.length ? wrongAddress(text) : Either.right(addresses)
}

const addressOf = (text: string): Address | undefined => {
  try {
    const url = new URL(text.includes("://") ? text : `nats://${text}`)
    const plain = (url.pathname === "" || url.pathname === "/") && url.search === "" && url.hash === ""
    if (!(url.protocol === "nats:" || url.protocol === "tls:") || url.hostname === "" || !plain) return undefined
    return {
      host: url.hostname,
      port: url.port === "" ? defaultPort : Number(url.port),
      tls: url.protocol === "tls:",
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password)
    }
  } catch {
    return undefined
  }
}

/** A changed file counts from the next connection on; an unreadable one leaves what was read before. */
const fileContent = (file: string, variable: string, servers: string): Either.Either<() => Buffer, NatsError> => {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (error) {
    return refuse(servers, `${variable}: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  return Either.right(() => {
    try {
      content = readFileSync(file)
    } catch {
      return content
    }
    return content
  })
}

const authenticatorOf = (
  settings: NatsSettings,
  addresses: ReadonlyArray<Address>,
  servers: string
): Either.Either<Authenticator | undefined, NatsError> =>
  Either.gen(function* () {
    const inUrl = addresses.find(({ user }) => user !== "")
    const user = settings.user ?? inUrl?.user
    const ways = [user, settings.nkey, settings.credentials].filter((way) => way !== undefined)
    if (ways.length > 1) {
      return yield* refuse(
        servers,
        "more than one way to authenticate: choose one of VIGIL_NATS_USER, VIGIL_NATS_NKEY and VIGIL_NATS_CREDENTIALS"
      )
    }
    if (settings.nkey !== undefined) {
      const seed = yield* fileContent(settings.nkey, "VIGIL_NATS_NKEY", servers)
      return yield* working(
        nkeyAuthenticator(() => trimmed(seed())),
        settings.nkey,
        "an NKey seed, which begins with SU",
        servers
      )
    }
    if (settings.credentials !== undefined) {
      const file = yield* fileContent(settings.credentials, "VIGIL_NATS_CREDENTIALS", servers)
      return yield* working(credsAuthenticator(file), settings.credentials, "a credentials file as nsc writes it", servers)
    }
    if (user === undefined) {
      return settings.password === undefined && settings.passwordFile === undefined
        ? undefined
        : yield* refuse(servers, "a password without a user: set VIGIL_NATS_USER")
    }
    if (settings.passwordFile !== undefined) {
      const password = yield* fileContent(settings.passwordFile, "VIGIL_NATS_PASSWORD_FILE", servers)
      return usernamePasswordAuthenticator(user, () =>
        password()
          .toString("utf8")
          .replace(/\r?\n$/, "")
      )
    }
    return usernamePasswordAuthenticator(
      user,
      settings.password === undefined ? (inUrl?.password ?? "") : Redacted.value(settings.password)
    )
  })

const trimmed = (seed: Buffer): Uint8Array => new TextEncoder().encode(seed.toString("utf8").trim())

/** An authenticator that throws closes the connection for good, so it must not: what signs now is kept for when a changed file is broken. */
const working = (
  authenticator: Authenticator,
  file: string,
  expected: string,
  servers: string
): Either.Either<Authenticator, NatsError> => {
  try {
    authenticator("nonce")
  } catch {
    return refuse(servers, `${file} does not hold ${expected}`)
  }
  return Either.right((nonce) => {
    try {
      return authenticator(nonce)
    } catch {
      // Whoever shows nothing is refused and tries again: by then the file may be whole.
      return { user: "" }
    }
  })
}

const tlsOf = (
  { tls }: NatsSettings,
  addresses: ReadonlyArray<Address>,
  servers: string
): Either.Either<NonNullable<ConnectionOptions["tls"]> | undefined, NatsError> =>
  Either.gen(function* () {
    if (tls === undefined && !addresses.some((address) => address.tls)) return undefined
    if ((tls?.cert === undefined) !== (tls?.key === undefined)) {
      return yield* refuse(servers, "VIGIL_NATS_TLS_CERT and VIGIL_NATS_TLS_KEY go together")
    }
    const ca = tls?.ca === undefined ? undefined : yield* fileContent(tls.ca, "VIGIL_NATS_TLS_CA", servers)
    const cert = tls?.cert === undefined ? undefined : yield* fileContent(tls.cert, "VIGIL_NATS_TLS_CERT", servers)
    const key = tls?.key === undefined ? undefined : yield* fileContent(tls.key, "VIGIL_NATS_TLS_KEY", servers)
    return {
      checkServerIdentity: identityOf(addresses.map(({ host }) => host.replace(/^\[|\]$/g, ""))),
      ...present({ ca: ca?.().toString("utf8"), cert: cert?.().toString("utf8"), key: key?.().toString("utf8") })
    }
  })

/** For an address that is an IP the client knows no name, and Node then asks for `localhost`: what was configured has to match instead. */
const identityOf =
  (hosts: ReadonlyArray<string>) =>
  (name: string, certificate: PeerCertificate): Error | undefined => {
    const results = (name === "localhost" ? hosts : [name]).map((host) => checkServerIdentity(host, certificate))
    return results.includes(undefined) ? undefined : results[0]
  }
