import { readFile } from "node:fs/promises"

/** Names a process so that another one that gets the same number later is not taken for it: number and start time. */
export type ProcessIdentity = string

/** Field 22 of proc(5) `stat`: clock ticks from boot to the start. The second field may hold anything, but ends with the last `)`. */
const startTime = async (pid: number): Promise<string> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8")
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
  } catch {
    // No /proc (other systems than Linux), or the process is gone: its number alone has to do.
    return ""
  }
}

export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

export const identityOf = async (pid: number): Promise<ProcessIdentity> => `${pid}:${await startTime(pid)}`

/** The process's number if it is still running, else undefined. */
export const runningPid = async (identity: ProcessIdentity): Promise<number | undefined> => {
  const pid = Number(identity.split(":")[0])
  if (!Number.isInteger(pid) || pid <= 0 || !isRunning(pid)) return undefined
  return (await identityOf(pid)) === identity.trim() ? pid : undefined
}
