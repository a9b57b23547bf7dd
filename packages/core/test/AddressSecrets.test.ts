import { describe, expect, it } from "@effect/vitest"
import { concealed, lacksSecrets, revealed } from "@vigil/core/AddressSecrets"
import { Either } from "effect"
import * as fc from "effect/FastCheck"

/** As makers have them; what is in brackets is nobody's business. */
const makers: Readonly<Record<string, string>> = {
  "Foscam, 3com": "http://cam/videostream.cgi?user=[admin]&pwd=[p]&resolution=32&rate=0",
  "Foscam HD": "http://cam:88/cgi-bin/CGIStream.cgi?cmd=GetMJStream&usr=[a]&pwd=[p]",
  Reolink: "https://cam/flv?port=1935&app=bcs&stream=channel0_main.bcs&user=[admin]&password=[p]",
  "Reolink, signed in": "http://cam/cgi-bin/api.cgi?cmd=Snap&channel=0&rs=x1&token=[0a1b2c]",
  "Dahua, FLIR, Amcrest": "rtsp://cam/cam/realmonitor?channel=1&subtype=0&authbasic=[YWRtaW46YWRtaW4=]",
  "Dahua without": "rtsp://cam/cam/realmonitor?channel=1&subtype=0",
  ACTi: "http://cam/cgi-bin/encoder?USER=[Admin]&PWD=[123456]&GET_STREAM",
  "INSTAR, with a question mark in it": "http://cam/snap.cgi?chn=11&user=[me]&pwd=[P@ssword?123]",
  Wansview: "http://cam/cgi-bin/snapshot.cgi?loginuse=[admin]&loginpas=[p]",
  HiSilicon: "http://cam/web/cgi-bin/hi3510/snap.cgi?&-getstream&-chn=2&-usr=[a]&-pwd=[p]",
  "3SVISION": "http://cam/cgi-bin/view.cgi?chn=1&u=[admin]&p=[secret]",
  "4UCAM, by question marks": "http://cam/cgi-bin/Stream?Video?Acc=[a]?Pwd=[p]?webcamPWD=[c]",
  "Synology, by semicolons": "rtsp://cam/Sms=1.unicast?x=1;_sid=[abc];y=2",
  "Hikvision playback": "rtsp://cam/Streaming/tracks/101?starttime=20241013T093812Z&username=[a]&password=[p]",
  XMEye: "rtsp://cam/user=[admin]_password=[tlJwpbo6]_channel=1_stream=0.sdp?real_stream",
  "XMEye of before": "rtsp://cam/user=[admin]&password=[]&channel=1&stream=0.sdp?",
  TVT: "rtsp://cam/chID=1&streamType=main",
  Zmodo: "rtsp://cam:554/0/[admin]:[p]/main",
  "Wowza, no secret": "rtsp://cam/vod/mp4:film.mp4",
  "a number sign": "http://cam/x?pwd=[a#b]&fps=5",
  "another address in it": "http://proxy/api/stream.mjpeg?src=rtsp://[a:b]@cam/x",
  "another address in it, encoded": "http://proxy/api?src=rtsp%3A%2F%2F[a%3Ab]%40cam%2Fx%3Fpwd%3D[c]%26fps%3D5&mp4",
  "a proxy's path, no secret": "http://proxy/192.0.2.7:554/main",
  "an encoded name": "http://cam/x?p%77d=[abc]&fps=5",
  "a file": "file:///films/user=a/b.mp4?pwd=c"
}

const whole = (text: string) => text.replace(/[[\]]/g, "")
const starred = (text: string) => text.replace(/\[[^\]]*\]/g, "***")

describe("secrets in addresses", () => {
  it.each(Object.entries(makers))("of %s are not shown", (_, text) => expect(concealed(whole(text))).toBe(starred(text)))

  it.each(Object.entries(makers))("of %s are put back", (_, text) => {
    const [url, known] = [starred(text), whole(text)]
    expect(lacksSecrets(url)).toBe(url !== known)
    expect(lacksSecrets(known)).toBe(false)
    expect(concealed(url)).toBe(url)
    expect(revealed(url, known)).toEqual(Either.right(known))
  })

  it("stay where the rest of the address changes, by their names", () => {
    const known = "http://cam/a?user=ann&pwd=one&token=two"
    const from = (url: string) => Either.getOrUndefined(revealed(url, known))
    expect(from("http://cam/b?token=***&x=1&pwd=***")).toBe("http://cam/b?token=two&x=1&pwd=one")
    expect(from("http://cam/a?user=ben&pwd=***")).toBe("http://cam/a?user=ben&pwd=one")
    expect(from("http://cam/a?user=ben")).toBe("http://cam/a?user=ben")
    expect(from("http://cam/a?password=***")).toBeUndefined()
    expect(from("http://cam/a?pwd=***&pwd=***")).toBeUndefined()
    expect(from("http://cam/a?src=rtsp://other/&pwd=***")).toBeUndefined()
    expect(from("http://cam/a?src=rtsp%3A%2F%2Fother%2F&pwd=***")).toBeUndefined()
  })

  it("are hidden in any text, once and for all", () => {
    const parts = ["?", "&", ";", "/", "_", "=", ":", "@", "%3D", "%26", "%3A%2F%2F", "://", "pwd", "user", "x", "***", ""]
    const address = fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((some) => `rtsp://cam/${some.join("")}`)
    fc.assert(
      fc.property(fc.oneof(address, fc.string({ unit: "binary" })), (text) => {
        const shown = concealed(text)
        expect(concealed(shown)).toBe(shown)
        expect(revealed(shown, text)).toEqual(Either.right(text))
      }),
      { numRuns: 2000 }
    )
  })

  it("are found in no time that anybody waits for, however strange an address is", () => {
    for (const piece of ["?a=", "&pwd=", "_pwd=", ":", "/a:", "%26pwd%3D", "://", ";p=?", "?"]) {
      const url = `rtsp://cam/${piece.repeat(2048 / piece.length)}`
      expect(revealed(concealed(url), url), piece).toEqual(Either.right(url))
    }
  })
})
