import type { FromWorker, ToWorker } from "./worker/WorkerProtocol.js"

/** What a decoder or demuxer on the node's side needs of the worker process that it lives in. */
export interface WorkerLink {
  readonly send: (message: ToWorker) => void
}

/** A decoder or demuxer on the node's side: lives in some worker process, and survives it. */
export interface WorkerTenant {
  /** Names it in messages; never used twice. */
  readonly id: number
  /** What it works for, a camera or a file: the same when it is opened again. */
  readonly owner: string
  /** A worker process is ready for it. */
  readonly attach: (link: WorkerLink) => void
  /** Its worker process is gone. */
  readonly detach: (reason: string) => void
  readonly receive: (message: FromWorker) => void
  /** Whether the process was at work for it: then it may be what ended it. */
  readonly atWork: () => boolean
}
