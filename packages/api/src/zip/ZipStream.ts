import * as NodeStream from "@effect/platform-node/NodeStream"
import { Effect, Stream } from "effect"
import { PassThrough } from "node:stream"
import { ZipFile } from "yazl"

/** A part of a file; parts with the same name that follow each other are one file. */
export type ZipPart = readonly [name: string, content: string | Uint8Array]

/** An archive of any size, made while it is read: a part at a time is held. */
export const zipStream = <E, R>(parts: Stream.Stream<ZipPart, E, R>): Stream.Stream<Uint8Array, E, R> =>
  Stream.suspend(() => {
    const archive = new ZipFile()
    archive.on("error", (error) => archive.outputStream.emit("error", error))
    let file: { readonly name: string; readonly content: PassThrough } | undefined

    const fileOf = (name: string): PassThrough => {
      if (file?.name === name) return file.content
      file?.content.end()
      const content = new PassThrough()
      file = { name, content }
      archive.addReadStream(content, name)
      return content
    }
    const end = Effect.sync(() => {
      file?.content.end()
      archive.end()
    })
    // Answered when the archive has taken the part in.
    const write = ([name, content]: ZipPart) =>
      Effect.async<void>((resume) => {
        if (content.length === 0) return resume(Effect.sync(() => void fileOf(name)))
        fileOf(name).write(content, () => resume(Effect.void))
      })
    const written = Stream.execute(Effect.zipRight(Stream.runForEach(parts, write), end))
    return Stream.merge(
      Stream.orDie(
        NodeStream.fromReadable<unknown, Uint8Array>(
          () => archive.outputStream,
          (error) => error
        )
      ),
      written
    )
  })
