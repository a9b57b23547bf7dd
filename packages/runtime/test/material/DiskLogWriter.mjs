import { openDiskLog } from "@vigil/runtime/bus/DiskLog"

// Appends entries for ever, a few at a time, and says of each on which position it is acknowledged; until it is killed.
const [folder = "", prefix = ""] = process.argv.slice(2)
const log = await openDiskLog({ folder, maxBytes: 2 ** 30, maxAge: 3_600_000, segmentBytes: 20_000 })
let count = 0

const writer = async () => {
  for (;;) {
    count += 1
    const id = `${prefix}-${count}`
    const position = await log.append({ subject: "a.b.c.d", id, message: Buffer.from("x".repeat(count % 700)) })
    process.stdout.write(`${id} ${position}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, writer))
