import { plainText } from "@vigil/core/PlainText"
import { Effect, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import { createSocket, type Socket } from "node:dgram"
import { find, findAll, readXml, textIn, type XmlNode } from "./Xml.js"

/** A device that has answered a probe. */
export interface Answered {
  /** Its endpoint, `urn:uuid:...`. */
  readonly urn: string
  /** Where its answer came from. */
  readonly sender: string
  /** Where it says that its device service is. */
  readonly services: ReadonlyArray<string>
  /** What it says about itself, by category: `name`, `hardware`, `location` (ONVIF Core, "Scopes"). */
  readonly scopes: ReadonlyMap<string, string>
}

/** Where to ask, and for how long. The defaults are those of WS-Discovery 2.4. */
export interface ProbeOptions {
  readonly group: string
  readonly port: number
  /** IPv4 addresses of this machine's own interfaces to ask on. */
  readonly interfaces: ReadonlyArray<string>
  /** Milliseconds to wait for answers; devices may take half a second, and datagrams get lost. */
  readonly patience: number
}

export const defaultProbe = { group: "239.255.255.250", port: 3702, patience: 3000 } as const

const longestAnswer = 64 * 1024
const mostAnswers = 1000
/** Milliseconds between the probes, of which each may be lost. */
const probeTimes = [0, 400, 1200]

/** Devices of before and after ONVIF 2.0 look at one type each; some look at none. */
const probedTypes = ["dn:NetworkVideoTransmitter", "tds:Device"]

const probeMessage = (id: string, type: string): string =>
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
  'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" ' +
  'xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header>' +
  "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>" +
  `<a:MessageID>${id}</a:MessageID><a:ReplyTo><a:Address>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:Address></a:ReplyTo>` +
  "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>" +
  `<s:Body><d:Probe><d:Types>${type}</d:Types></d:Probe></s:Body></s:Envelope>`

const words = (text: string | undefined): ReadonlyArray<string> => (text ?? "").split(/\s+/).filter((word) => word !== "")

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    // A lone `%` is meant literally.
    return text
  }
}

/** `onvif://www.onvif.org/name/Gate%201` is `name`: `Gate 1`; the first of a category counts. */
const scopesOf = (text: string | undefined): ReadonlyMap<string, string> => {
  const scopes = new Map<string, string>()
  for (const scope of words(text).slice(0, 100)) {
    const [, category = "", value = ""] = /^onvif:\/\/www\.onvif\.org\/([^/]+)\/(.+)$/i.exec(scope) ?? []
    const name = category.toLowerCase()
    if (name !== "" && !scopes.has(name)) scopes.set(name, plainText(decoded(value), 200))
  }
  return scopes
}

const answerOf = (match: XmlNode, sender: string): ReadonlyArray<Answered> => {
  const urn = plainText(textIn(find(match, "EndpointReference"), "Address") ?? "", 200)
  if (urn === "") return []
  const services = words(textIn(match, "XAddrs")).slice(0, 8)
  return [{ urn, sender, services, scopes: scopesOf(textIn(match, "Scopes")) }]
}

/** The devices that a datagram tells of, if it answers one of our probes. */
const readAnswer = (text: string, sender: string, probes: ReadonlySet<string>): ReadonlyArray<Answered> => {
  const envelope = readXml(text)
  const relatesTo = textIn(find(envelope, "Header"), "RelatesTo")
  if (relatesTo === undefined || !probes.has(relatesTo)) return []
  return findAll(find(envelope, "Body"), "ProbeMatch").flatMap((match) => answerOf(match, sender))
}

const openSocket = (address: string): Effect.Effect<Socket | undefined, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Socket | undefined>((resume) => {
      const socket = createSocket({ type: "udp4" })
      socket.once("error", (error) => {
        socket.close()
        resume(Effect.as(Effect.logDebug(`no discovery on ${address}: ${error.message}`), undefined))
      })
      socket.bind(0, address, () => {
        try {
          socket.setMulticastInterface(address)
          socket.setMulticastTTL(1)
        } catch (error) {
          socket.emit("error", error)
          return
        }
        socket.removeAllListeners("error")
        // swallowed: a network that takes no datagram has nobody to be found.
        socket.on("error", () => {})
        resume(Effect.succeed(socket))
      })
    }),
    (socket) =>
      Effect.async<void>((resume) => {
        if (socket === undefined) resume(Effect.void)
        else socket.close(() => resume(Effect.void))
      })
  )

/**
 * Asks the networks of these interfaces for ONVIF devices (WS-Discovery of April 2005, 5.2), and tells of each that answers, once. Takes
 * as long as its patience; an interface without multicast finds nothing.
 */
export const probeNetworks = (options: ProbeOptions, onDevice: (device: Answered) => void): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { group, interfaces, patience, port } = options
    const probes = new Set<string>()
    const known = new Set<string>()
    const hear = (bytes: Buffer, sender: string) => {
      if (bytes.length > longestAnswer || known.size >= mostAnswers) return
      for (const device of readAnswer(bytes.toString("utf8"), sender, probes)) {
        if (known.has(device.urn)) continue
        known.add(device.urn)
        onDevice(device)
      }
    }
    const sockets = yield* Effect.forEach(interfaces, openSocket)
    const ask = Effect.sync(() => {
      for (const type of probedTypes) {
        const id = `urn:uuid:${randomUUID()}`
        probes.add(id)
        // swallowed: where there is no route for multicast, nobody hears it.
        for (const socket of sockets) socket?.send(probeMessage(id, type), port, group, () => {})
      }
    })
    for (const socket of sockets) socket?.on("message", (bytes: Buffer, { address }) => hear(bytes, address))
    yield* Effect.forEach(probeTimes, (time) => Effect.delay(ask, time), { concurrency: "unbounded" }).pipe(Effect.fork)
    yield* Effect.sleep(patience)
  }).pipe(Effect.scoped)
