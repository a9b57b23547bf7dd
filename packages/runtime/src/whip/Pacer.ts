export interface PacerOptions {
  /** Packets that may follow each other at once; what a receiver's socket buffer holds. */
  readonly burst: number
  /** Packets a second after that. */
  readonly rate: number
  /** Packets that wait at the most. */
  readonly capacity: number
}

/** 4,000 packets of 1,200 bytes a second are 38 Mbit/s. */
const defaultPacerOptions: PacerOptions = { burst: 64, rate: 4000, capacity: 8192 }

/** Milliseconds between two looks at what waits. */
const beat = 5

/**
 * Spreads what would be sent at once (a large key frame, the newest group of pictures for a new connection) over some milliseconds, so that it fits
 * into the buffers on its way. What does not fit into its own is refused.
 */
export class Pacer<A> {
  private readonly options: PacerOptions
  private readonly send: (packet: A) => void
  private readonly now: () => number
  private waiting: Array<A> = []
  private first = 0
  private allowance: number
  private refilled: number
  private timer: NodeJS.Timeout | undefined

  /** `now` in milliseconds. */
  constructor(send: (packet: A) => void, now: () => number, options: PacerOptions = defaultPacerOptions) {
    this.send = send
    this.now = now
    this.options = options
    this.allowance = options.burst
    this.refilled = now()
  }

  /** How many packets wait. */
  get length(): number {
    return this.waiting.length - this.first
  }

  /** Takes all of them or, where there is no room, none. */
  push(packets: ReadonlyArray<A>): boolean {
    if (this.length + packets.length > this.options.capacity) return false
    for (const packet of packets) this.waiting.push(packet)
    if (this.timer === undefined) this.work()
    return true
  }

  stop(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    this.waiting = []
    this.first = 0
  }

  private work(): void {
    this.timer = undefined
    this.refill()
    while (this.length > 0 && this.allowance >= 1) {
      const packet = this.waiting[this.first++]
      this.allowance--
      if (packet !== undefined) this.send(packet)
    }
    if (this.length > 0) {
      this.timer = setTimeout(() => this.work(), beat)
      return
    }
    this.waiting = []
    this.first = 0
  }

  private refill(): void {
    const now = this.now()
    const { burst, rate } = this.options
    this.allowance = Math.min(burst, this.allowance + ((now - this.refilled) * rate) / 1000)
    this.refilled = now
  }
}
