import { Effect, Option } from "effect"
import type { AddressInfo } from "node:net"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"

interface ReceivedMail {
  readonly to: ReadonlyArray<string>
  /** As it came over the wire. */
  readonly raw: string
  readonly subject: string
  /** The text, decoded. */
  readonly text: string
}

/** RFC 2045 6.7. */
const fromQuotedPrintable = (text: string): string =>
  Buffer.from(
    text
      .replace(/=\r?\n/g, "")
      .replace(/=([0-9A-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    "latin1"
  ).toString("utf8")

const decoded = (raw: string, body: string): string => {
  if (/^content-transfer-encoding: base64/im.test(raw)) return Buffer.from(body, "base64").toString("utf8")
  return /^content-transfer-encoding: quoted-printable/im.test(raw) ? fromQuotedPrintable(body) : body
}

const parse = (raw: string, to: ReadonlyArray<string>): ReceivedMail => {
  const [head = "", ...rest] = raw.split("\r\n\r\n")
  const subject = /^subject: (.*)$/im.exec(head.replace(/\r\n\s+/g, " "))?.[1] ?? ""
  return { to, raw, subject, text: decoded(head, rest.join("\r\n\r\n")) }
}

/** A real SMTP server, and the mails that it took. */
export const mailPeer = (options: SMTPServerOptions = {}) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const mails: Array<ReceivedMail> = []
      const server = new SMTPServer({
        disabledCommands: ["STARTTLS"],
        authOptional: true,
        disableReverseLookup: true,
        ...options,
        onData: (stream, { envelope: { rcptTo } }, done) => {
          const chunks: Array<Buffer> = []
          stream.on("data", (chunk: Buffer) => chunks.push(chunk))
          stream.on("end", () => {
            mails.push(
              parse(
                Buffer.concat(chunks).toString("utf8"),
                rcptTo.map(({ address }) => address)
              )
            )
            done()
          })
        }
      })
      // A client that refuses the certificate leaves in the middle of the handshake.
      server.on("error", () => undefined)
      await new Promise<void>((ready) => server.listen(0, "127.0.0.1", () => ready()))
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other form of address
      const { port } = server.server.address() as AddressInfo
      return { port, mails, server }
    }),
    ({ server }) => Effect.promise(() => new Promise<void>((closed) => server.close(() => closed())))
  )

/** The settings of a server that sends by this peer. */
export const mailTo = ({ port }: { readonly port: number }) =>
  ({ host: "127.0.0.1", port, security: "none", login: Option.none(), from: "Vigil <vigil@example.org>" }) as const
