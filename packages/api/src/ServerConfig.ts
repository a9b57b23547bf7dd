import { type AddressList, parseAddressList } from "./http/AddressList.js"
import { type MailSettings, mailSettings } from "./mail/MailSettings.js"
import { Config, type ConfigError, Context, Layer, Option, type Redacted } from "effect"

/** How the server is reached. */
export class ServerConfig extends Context.Tag("@vigil/api/ServerConfig")<
  ServerConfig,
  {
    readonly host: string
    /** 0 takes a free one. */
    readonly port: number
    /** Certificate chain and key, PEM files. */
    readonly tls: Option.Option<{ readonly certificate: string; readonly key: string }>
    /** Where browsers reach it from outside, when that is not the address it listens on: `https://vigil.example`. */
    readonly publicUrl: Option.Option<URL>
    /** Further origins whose pages may call it. */
    readonly allowedOrigins: ReadonlySet<string>
    /** Proxies in front that say who the client is (X-Forwarded-For); `any`: whoever connects is one. */
    readonly trustedProxies: AddressList | "any" | "none"
    /** Where requests may come from, beside this machine itself; none: from anywhere. */
    readonly allowedAddresses: Option.Option<AddressList>
    /** Requests a minute of one client to the HTTP interface. */
    readonly requestsPerMinute: number
    /** Lets Prometheus read `/metrics` with `Authorization: Bearer ...`. */
    readonly metricsToken: Option.Option<Redacted.Redacted>
    /** Sends mail; none: no mail is sent. */
    readonly mail: Option.Option<MailSettings>
    /** Whether identity providers may be reached over plain HTTP: for trying one out only. */
    readonly allowPlainProviders: boolean
  }
>() {}

/** Whether browsers reach it over HTTPS: then the cookie is `Secure`. */
export const isSecure = (config: typeof ServerConfig.Service): boolean =>
  Option.match(config.publicUrl, { onSome: (url) => url.protocol === "https:", onNone: () => Option.isSome(config.tls) })

const addresses = (variable: string) => Config.mapOrFail(Config.array(Config.string(), variable), parseAddressList)

const tls = Config.all({ certificate: Config.string("VIGIL_TLS_CERT"), key: Config.string("VIGIL_TLS_KEY") })

/**
 * From the environment: `VIGIL_HOST` (127.0.0.1), `VIGIL_PORT` (8480), `VIGIL_TLS_CERT` and `VIGIL_TLS_KEY` (PEM files),
 * `VIGIL_PUBLIC_URL`, `VIGIL_ALLOWED_ORIGINS` (comma-separated), `VIGIL_TRUST_PROXY` (false, true, or
 * comma-separated addresses and networks), `VIGIL_ALLOWED_ADDRESSES` (the same), `VIGIL_REQUESTS_PER_MINUTE` (3000), `VIGIL_METRICS_TOKEN`,
 * `VIGIL_OPENID_PLAIN_HTTP` (false), and the mail server: see `MailSettings`.
 */
export const layerServerConfig: Layer.Layer<ServerConfig, ConfigError.ConfigError> = Layer.effect(
  ServerConfig,
  Config.all({
    host: Config.withDefault(Config.string("VIGIL_HOST"), "127.0.0.1"),
    port: Config.withDefault(
      Config.port("VIGIL_PORT").pipe(
        Config.orElse(() =>
          Config.integer("VIGIL_PORT").pipe(
            Config.validate({ message: "expected a port, or 0 for a free one", validation: (port) => port === 0 })
          )
        )
      ),
      8480
    ),
    tls: Config.option(tls),
    publicUrl: Config.option(Config.url("VIGIL_PUBLIC_URL")),
    allowedOrigins: Config.array(Config.string(), "VIGIL_ALLOWED_ORIGINS").pipe(
      Config.withDefault([]),
      Config.map((origins) => new Set(origins))
    ),
    trustedProxies: Config.boolean("VIGIL_TRUST_PROXY").pipe(
      Config.map((isTrusted): AddressList | "any" | "none" => (isTrusted ? "any" : "none")),
      Config.orElse(() => addresses("VIGIL_TRUST_PROXY")),
      Config.withDefault("none" as const)
    ),
    allowedAddresses: Config.option(addresses("VIGIL_ALLOWED_ADDRESSES")),
    requestsPerMinute: Config.integer("VIGIL_REQUESTS_PER_MINUTE").pipe(
      Config.validate({ message: "expected a number above 0", validation: (count) => count > 0 }),
      Config.withDefault(3000)
    ),
    metricsToken: Config.option(Config.redacted("VIGIL_METRICS_TOKEN")),
    mail: mailSettings,
    allowPlainProviders: Config.withDefault(Config.boolean("VIGIL_OPENID_PLAIN_HTTP"), false)
  })
)
