import { Config, Duration } from "effect"

/** How VideoJobs are kept and tried. The first node of a cluster that uses jobs decides on the number of partitions; limits are those of the last one that started. */
export interface JobSettings {
  /** Milliseconds that a job is kept while nobody works it off. */
  readonly maxAge: number
  /** Bytes that each lane, and the object store for large segments, take on the server's disk at the most. */
  readonly maxBytes: number
  /** Segments up to this many bytes travel in their message, larger ones by the object store. The server's own limit on messages counts too. */
  readonly inlineBytes: number
  /** Milliseconds after which an unanswered job comes again. */
  readonly acknowledgementTime: number
  /** Milliseconds from a failure to the next try. */
  readonly retryDelay: number
  readonly deliveries: number
  /** Jobs of one model and lane that can be worked on at the same time. Cameras share a partition. */
  readonly partitions: number
  /** Milliseconds from a job's publication after which its camera does not wait for the result any more. */
  readonly resultLimit: number
  /** Servers of a NATS cluster that each keep jobs and results. */
  readonly replicas: number
}

export const defaultJobSettings: JobSettings = {
  maxAge: 10 * 60_000,
  maxBytes: 512 * 1024 * 1024,
  inlineBytes: 512 * 1024,
  acknowledgementTime: 15_000,
  retryDelay: 1000,
  deliveries: 5,
  partitions: 16,
  resultLimit: 60_000,
  replicas: 1
}

const time = (name: string, byDefault: number, least: number) =>
  Config.duration(name).pipe(
    Config.map(Duration.toMillis),
    Config.validate({ message: `expected at least ${least / 1000} seconds`, validation: (value) => value >= least }),
    Config.withDefault(byDefault)
  )

const count = (name: string, byDefault: number, least: number, most: number) =>
  Config.integer(name).pipe(
    Config.validate({ message: `expected ${least} to ${most}`, validation: (value) => value >= least && value <= most }),
    Config.withDefault(byDefault)
  )

const megabytes = (config: Config.Config<number>) => Config.map(config, (value) => value * 1024 * 1024)

/** From `VIGIL_JOBS_MAX_AGE`, `_MAX_MB`, `_INLINE_KB`, `_ACKNOWLEDGEMENT_TIME`, `_RETRY_DELAY`, `_DELIVERIES`, `_PARTITIONS`, `_RESULT_LIMIT`, `_REPLICAS`. */
export const jobSettings: Config.Config<JobSettings> = Config.all({
  maxAge: time("MAX_AGE", defaultJobSettings.maxAge, 10_000),
  maxBytes: megabytes(count("MAX_MB", defaultJobSettings.maxBytes / 1024 / 1024, 16, 1024 * 1024)),
  inlineBytes: Config.map(count("INLINE_KB", defaultJobSettings.inlineBytes / 1024, 1, 64 * 1024), (value) => value * 1024),
  acknowledgementTime: time("ACKNOWLEDGEMENT_TIME", defaultJobSettings.acknowledgementTime, 2000),
  retryDelay: time("RETRY_DELAY", defaultJobSettings.retryDelay, 0),
  deliveries: count("DELIVERIES", defaultJobSettings.deliveries, 1, 100),
  partitions: count("PARTITIONS", defaultJobSettings.partitions, 1, 256),
  resultLimit: time("RESULT_LIMIT", defaultJobSettings.resultLimit, 1000),
  replicas: count("REPLICAS", defaultJobSettings.replicas, 1, 5)
}).pipe(Config.nested("JOBS"), Config.nested("VIGIL"))
