import { createHash } from "node:crypto"
import { realpath } from "node:fs/promises"
import { createServer, type Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

/**
 * Holds a folder for this process alone. The lock is a socket that nobody connects to: the operating system takes it back when the process ends,
 * however it ends. On Linux it has a name without a file (unix(7), abstract); elsewhere a file in the system's temporary folder.
 *
 * Rejects with `EADDRINUSE` where another process, or this one, holds the folder.
 */
export const lockFolder = async (folder: string): Promise<() => Promise<void>> => {
  const name = `vigil-folder-${createHash("sha256")
    .update(await realpath(folder))
    .digest("hex")
    .slice(0, 32)}`
  const server: Server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(process.platform === "linux" ? `\0${name}` : join(tmpdir(), `${name}.sock`), () => resolve())
  })
  server.unref()
  return () => new Promise((resolve) => server.close(() => resolve()))
}
