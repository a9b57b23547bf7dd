import { describe, expect, it } from "@effect/vitest"
import { DiscoveryRequest, type FoundDevice, mostDevices, withDevice } from "@vigil/core/Discovery"
import { Schema } from "effect"

const rtsp = (address: string, port = 554): FoundDevice => ({
  key: `${address}:${port}`,
  kind: "rtsp",
  address,
  name: address,
  needsCredentials: true,
  streams: []
})

const onvif = (address: string, url: string): FoundDevice => ({
  key: `urn:uuid:${address}`,
  kind: "onvif",
  address,
  name: "Gate",
  needsCredentials: false,
  streams: [{ url }]
})

const collect = (...devices: ReadonlyArray<FoundDevice>) =>
  devices.reduce<ReadonlyArray<FoundDevice>>(withDevice, []).map(({ key }) => key)

describe("found devices", () => {
  it("are told once, whichever way they are found first", () => {
    const device = onvif("192.0.2.7", "rtsp://192.0.2.7/stream1")
    expect(collect(device, rtsp("192.0.2.7"))).toEqual([device.key])
    expect(collect(rtsp("192.0.2.7"), device)).toEqual([device.key])
    expect(collect(device, rtsp("192.0.2.7", 8554))).toEqual(["192.0.2.7:8554", device.key])
    expect(collect(device, device, rtsp("192.0.2.8"), rtsp("192.0.2.8"))).toEqual([device.key, "192.0.2.8:554"])
  })

  it("are in the order of their addresses, and not more than are kept", () => {
    expect(collect(rtsp("192.0.2.10"), rtsp("192.0.2.9"), rtsp("10.0.0.1"))).toEqual([
      "10.0.0.1:554",
      "192.0.2.9:554",
      "192.0.2.10:554"
    ])
    const many = Array.from({ length: mostDevices + 5 }, (_, i) => rtsp("192.0.2.1", i + 1))
    expect(collect(...many).length).toBe(mostDevices)
  })
})

describe("a request", () => {
  const accepts = Schema.is(Schema.typeSchema(DiscoveryRequest))
  const ask = (given: Partial<typeof DiscoveryRequest.Encoded>) => {
    const decoded = Schema.decodeEither(DiscoveryRequest)(given)
    return decoded._tag === "Right" && accepts(decoded.right)
  }

  it("says where to look, and is bounded", () => {
    expect(ask({})).toBe(true)
    expect(ask({ onvif: false })).toBe(false)
    expect(ask({ onvif: false, ranges: ["10.0.0.0/16"], ports: [554] })).toBe(true)
    expect(ask({ ranges: ["10.0.0.0/16"], ports: [554, 8554] })).toBe(false)
    expect(ask({ ranges: ["10.0.0.0/16", "10.0.5.0/24"], ports: [554, 554] })).toBe(true)
    expect(ask({ ranges: ["0.0.0.0/0"] })).toBe(false)
    expect(ask({ paths: ["/a b"] })).toBe(false)
    expect(ask({ ports: [] })).toBe(false)
  })
})
