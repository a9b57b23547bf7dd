import { mkdir, stat } from "node:fs/promises"
import { dirname, resolve } from "node:path"

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false
  )

/**
 * Makes a folder and those above it; fails as the system says why not. Node's own `recursive` asks for ever where a folder above takes none, as
 * `/proc` (Node 20 and 22).
 */
export const makeFolder = async (path: string, mode?: number): Promise<void> => {
  const folder = resolve(path)
  if (await isFolder(folder)) return
  const above = dirname(folder)
  if (above !== folder) await makeFolder(above, mode)
  // Somebody else may have made it meanwhile.
  await mkdir(folder, mode).catch(async (error: unknown) => {
    if (!(await isFolder(folder))) throw error
  })
}
