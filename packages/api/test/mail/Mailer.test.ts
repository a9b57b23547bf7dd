import { describe, expect, it } from "@effect/vitest"
import { checkMailServer, Mailer } from "@vigil/api/mail/Mailer"
import { type MailSettings, mailSettings } from "@vigil/api/mail/MailSettings"
import { textsFor } from "@vigil/api/mail/MailTexts"
import { ServerConfig } from "@vigil/api/ServerConfig"
import { ConfigProvider, Effect, Exit, Layer, Logger, Option, Redacted, Schedule } from "effect"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { testConfig } from "../http/TestServer.js"
import { temporaryFolder } from "../TemporaryFolder.js"
import { mailPeer } from "./MailPeer.js"

const mail = {
  to: "anna@example.org",
  subject: "Grüße",
  text: "A long line that has to be folded, and ends in a link:\n\nhttps://x/#y\n"
}

const layerMailer = (settings: Partial<MailSettings> & { readonly port: number }, said: Array<string> = []) =>
  Mailer.layer.pipe(
    Layer.provide(
      Layer.succeed(
        ServerConfig,
        testConfig({
          mail: Option.some({
            host: "127.0.0.1",
            security: "none",
            login: Option.none(),
            from: "Vigil <vigil@example.org>",
            ...settings
          })
        })
      )
    ),
    Layer.provideMerge(
      Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void said.push(String(message)))
      )
    )
  )

const post = Effect.flatMap(Mailer, ({ post: send }) => send(mail))

const until = (condition: () => boolean) =>
  Effect.repeat(Effect.sync(condition), { until: (holds) => holds, schedule: Schedule.spaced("20 millis") }).pipe(
    Effect.timeout("60 seconds")
  )

describe("mail", () => {
  it.scopedLive("is signed in for, and told of in the receiver's words", () =>
    Effect.gen(function* () {
      const logins: Array<unknown> = []
      const { mails, port } = yield* mailPeer({
        authOptional: false,
        allowInsecureAuth: true,
        onAuth: ({ password, username }, _, done) => {
          logins.push([username, password])
          done(null, { user: username ?? "" })
        }
      })
      const login = Option.some({ username: "vigil", password: Redacted.make("s3cret of mail") })
      yield* Effect.provide(
        Effect.zipRight(
          post,
          until(() => mails.length === 1)
        ),
        layerMailer({ port, login })
      )
      expect(logins).toEqual([["vigil", "s3cret of mail"]])
      expect(mails[0]?.to).toEqual(["anna@example.org"])
      expect(mails[0]?.text.replaceAll("\r\n", "\n")).toBe(mail.text)
      expect(mails[0]?.raw).toMatch(/^From: Vigil <vigil@example\.org>$/m)
    })
  )

  it.scopedLive("is tried again when the server is busy, and given up when it refuses; nobody's address is logged", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      let asked = 0
      const refusal = (code: number) => Object.assign(new Error(`no, ${mail.to}`), { responseCode: code })
      const busy = yield* mailPeer({ onRcptTo: (_, __, done) => done(asked++ === 0 ? refusal(451) : null) })
      yield* Effect.provide(
        Effect.zipRight(
          post,
          until(() => busy.mails.length === 1)
        ),
        layerMailer({ port: busy.port }, said)
      )
      const strict = yield* mailPeer({ onRcptTo: (_, __, done) => done(refusal(550)) })
      yield* Effect.provide(
        Effect.zipRight(
          post,
          until(() => said.length === 1)
        ),
        layerMailer({ port: strict.port }, said)
      )
      expect(said[0]).toContain("was not taken by 127.0.0.1")
      expect(said[0]).not.toContain(mail.to)
    })
  )

  it.scopedLive("has a server that can be tried out without a mail", () =>
    Effect.gen(function* () {
      const settings = { host: "127.0.0.1", login: Option.none(), from: "vigil@example.org" }
      const { mails, port } = yield* mailPeer()
      yield* checkMailServer({ ...settings, port, security: "none" })
      expect(mails).toEqual([])
      for (const wrong of [
        { port, security: "starttls" },
        { port: 9, security: "none" },
        { port, security: "none", login: Option.some({ username: "vigil", password: Redacted.make("wrong word") }) }
      ] as const) {
        const error = yield* Effect.flip(checkMailServer({ ...settings, ...wrong }))
        expect(error.message).not.toContain("wrong word")
      }
    })
  )

  it.scopedLive("is not sent in the clear, nor to a stranger, where encryption is wanted", () =>
    Effect.gen(function* () {
      const said: Array<string> = []
      const plain = yield* mailPeer()
      const wanted = { security: "starttls" } as const
      const refused = Effect.zipRight(
        post,
        until(() => said.length === 1)
      )
      yield* Effect.provide(refused, layerMailer({ ...wanted, port: plain.port }, said))
      // Its certificate is signed by nobody.
      let visits = 0
      const stranger = yield* mailPeer({ disabledCommands: [], onClose: () => visits++ })
      const left = Effect.zipRight(
        post,
        until(() => visits > 0)
      )
      yield* Effect.provide(left, layerMailer({ ...wanted, port: stranger.port }, said))
      expect([...plain.mails, ...stranger.mails]).toEqual([])
    })
  )

  it.effect("is configured by variables, of which wrong ones are told", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = join(folder, "password")
      yield* Effect.promise(() => writeFile(file, "from a file\n"))
      const read = (variables: Record<string, string>) =>
        Effect.exit(Effect.withConfigProvider(mailSettings, ConfigProvider.fromMap(new Map(Object.entries(variables)))))
      const host = { VIGIL_SMTP_HOST: "mail.example" }
      expect(yield* read({})).toEqual(Exit.succeed(Option.none()))
      expect(Option.getOrThrow(Exit.getOrElse(yield* read(host), () => Option.none()))).toEqual({
        host: "mail.example",
        security: "starttls",
        port: 587,
        login: Option.none(),
        from: "Vigil <vigil@mail.example>"
      })
      const full = yield* read({
        ...host,
        VIGIL_SMTP_SECURITY: "tls",
        VIGIL_SMTP_USERNAME: "vigil",
        VIGIL_SMTP_PASSWORD_FILE: file
      })
      const settings = Option.getOrThrow(Exit.getOrElse(full, () => Option.none<MailSettings>()))
      expect([settings.port, Redacted.value(Option.getOrThrow(settings.login).password)]).toEqual([465, "from a file"])
      const wrong = [
        { VIGIL_SMTP_SECURITY: "some" },
        { VIGIL_SMTP_PORT: "many" },
        { VIGIL_SMTP_USERNAME: "vigil" },
        { VIGIL_SMTP_USERNAME: "vigil", VIGIL_SMTP_PASSWORD_FILE: join(folder, "absent") },
        { VIGIL_SMTP_USERNAME: "vigil", VIGIL_SMTP_PASSWORD: "x", VIGIL_SMTP_SECURITY: "none" }
      ]
      for (const variables of wrong) {
        expect(Exit.isFailure(yield* read({ ...host, ...variables })), JSON.stringify(variables)).toBe(true)
      }
    }).pipe(Effect.scoped)
  )

  it("speaks the user's language where it can", () => {
    const lines = (language: string | null) => textsFor(language).locked({ username: "anna", minutes: null }).lines.join(" ")
    expect(lines("de-AT")).toContain("bis ein Administrator es freigibt")
    for (const language of [null, "en-GB", "pt-BR", "constructor"])
      expect(lines(language)).toContain("until an administrator releases it")
  })
})
