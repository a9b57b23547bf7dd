import { describe, expect, layer } from "@effect/vitest"
import { CameraQuery } from "@vigil/core/CameraQuery"
import { type CameraId, defaultTenant } from "@vigil/core/Ids"
import { CameraStore } from "@vigil/core/port/CameraStore"
import { Effect, type Layer, Option, Redacted, Schema } from "effect"
import { newCamera } from "../Samples.js"

const query = (given: Partial<CameraQuery>): CameraQuery => ({ ...Schema.decodeSync(CameraQuery)({}), ...given })

const secretsOf = (id: CameraId) => Effect.flatMap(CameraStore, (store) => store.secrets(id))
const credentialsOf = (id: CameraId) => Effect.map(secretsOf(id), ({ credentials }) => credentials)
/** The whole address where the camera shows placeholders. */
const addressOf = (id: CameraId) =>
  Effect.map(secretsOf(id), ({ address }) => Option.getOrUndefined(Option.map(address, Redacted.value)))

/** What every store of cameras must do with what is secret of them; `stores` must know the tenant `defaultTenant`. */
export const cameraSecretsConformance = <E>(name: string, stores: Layer.Layer<CameraStore, E>): void => {
  describe(`CameraStore, secrets: ${name}`, () => {
    layer(stores, { excludeTestServices: true })((it) => {
      it.effect("keeps credentials for the host and port they were given for, and refuses to take them elsewhere", () =>
        Effect.gen(function* () {
          const store = yield* CameraStore
          const { id } = yield* store.create(defaultTenant, newCamera({ url: "rtsp://u:secret@cam.example/1" }))
          const password = Effect.map(Effect.flatten(credentialsOf(id)), (stored) => Redacted.value(stored.password))
          for (const url of ["rtsp://cam.example/2", "rtsp://CAM.example:554/2", "http://cam.example:554/2"]) {
            expect(yield* store.update(defaultTenant, id, { url })).toMatchObject({ url, hasCredentials: true })
          }
          const before = yield* store.get(defaultTenant, id)
          for (const url of [
            "rtsp://evil.example/2",
            "rtsp://cam.example:8554/2",
            "rtsps://cam.example/2",
            "file:///etc/passwd"
          ]) {
            const refused = yield* Effect.flip(store.update(defaultTenant, id, { url }))
            expect(refused, url).toMatchObject({ _tag: "SourceError", reason: "unauthorized", url })
            expect(refused.message).toContain("give the user name and password again, or remove them")
          }
          expect(yield* store.get(defaultTenant, id)).toEqual(before)
          expect(yield* password).toBe("secret")
          yield* store.update(defaultTenant, id, { url: "rtsp://u:other@new.example/" })
          expect(yield* password).toBe("other")
          yield* store.update(defaultTenant, id, { url: "rtsp://third.example/", credentials: null })
          expect(Option.isNone(yield* credentialsOf(id))).toBe(true)
          yield* store.update(defaultTenant, id, { url: "rtsp://fourth.example/" })
        })
      )

      it.effect(
        "keeps the secrets of an address apart, for the host and port they were given for, and finds no camera by them",
        () =>
          Effect.gen(function* () {
            const store = yield* CameraStore
            const { id, url } = yield* store.create(
              defaultTenant,
              newCamera({ url: "http://door.example/live?channel=1&user=ann&pwd=geheim" })
            )
            expect(url).toBe("http://door.example/live?channel=1&user=***&pwd=***")
            expect(JSON.stringify(yield* store.get(defaultTenant, id))).not.toContain("geheim")
            expect(yield* addressOf(id)).toBe("http://door.example/live?channel=1&user=ann&pwd=geheim")
            const found = (search: string) =>
              Effect.map(store.page(defaultTenant, query({ search })), ({ cameras }) => cameras.length)
            expect([yield* found("door.example"), yield* found("geheim"), yield* found("pwd=g")]).toEqual([1, 0, 0])
            expect(yield* store.atAddresses(defaultTenant, [url])).toMatchObject([{ id }])
            // What is shown may be given back, with other changes.
            yield* store.update(defaultTenant, id, { name: "Door", url })
            yield* store.update(defaultTenant, id, { enabled: false })
            yield* store.update(defaultTenant, id, { url: "http://door.example/live?user=***&pwd=***&channel=2" })
            expect(yield* addressOf(id)).toBe("http://door.example/live?user=ann&pwd=geheim&channel=2")
            yield* store.update(defaultTenant, id, { url: "http://door.example/live?user=ben&pwd=***" })
            expect(yield* addressOf(id)).toBe("http://door.example/live?user=ben&pwd=geheim")
            const before = yield* store.get(defaultTenant, id)
            for (const strange of [
              "http://evil.example/live?user=***&pwd=***",
              "http://door.example:8080/live?user=***&pwd=***",
              "http://door.example/live?password=***",
              "http://door.example/live?pwd=***&pwd=***",
              "http://door.example/live?src=http://evil.example/&pwd=***"
            ]) {
              const refused = yield* Effect.flip(store.update(defaultTenant, id, { url: strange }))
              expect(refused, strange).toMatchObject({ _tag: "SourceError", reason: "invalid-url" })
              expect(refused.message).toContain("Write the secret itself in place of ***")
            }
            expect(yield* store.get(defaultTenant, id)).toEqual(before)
            expect(yield* Effect.flip(store.create(defaultTenant, newCamera({ url: before.url })))).toMatchObject({
              _tag: "SourceError",
              detail: expect.stringContaining("in place of ***")
            })
            const other = yield* store.update(defaultTenant, id, { url: "http://evil.example/live?pwd=other" })
            expect([other.url, yield* addressOf(id)]).toEqual([
              "http://evil.example/live?pwd=***",
              "http://evil.example/live?pwd=other"
            ])
            expect(yield* store.update(defaultTenant, id, { url: "http://evil.example/live" })).toMatchObject({
              url: "http://evil.example/live",
              hasCredentials: false
            })
            expect(yield* addressOf(id)).toBeUndefined()
          })
      )
    })
  })
}
