/**
 * A Kalman filter of one coordinate with constant velocity: position, velocity, and their covariance. An upright box needs two for
 * its centre: with noise that is independent per axis, SORT's eight-dimensional filter (Bewley et al., 2016) falls apart into exactly
 * such pairs.
 */
export interface Motion {
  readonly position: number
  /** Units a second. */
  readonly velocity: number
  /** Covariance: variance of the position, of the velocity, and what they share. */
  readonly pp: number
  readonly vv: number
  readonly pv: number
}

/** A coordinate that was measured once, `deviation` being the measurement's and `speed` the velocity that it may well have. */
export const startMotion = (position: number, deviation: number, speed: number): Motion => ({
  position,
  velocity: 0,
  pp: deviation ** 2,
  vv: speed ** 2,
  pv: 0
})

/** `seconds` later, with white noise of `acceleration` (units a second, per square root of a second) on the velocity. */
export const predictMotion = (motion: Motion, seconds: number, acceleration: number): Motion => {
  const noise = acceleration ** 2
  return {
    position: motion.position + motion.velocity * seconds,
    velocity: motion.velocity,
    pp: motion.pp + 2 * motion.pv * seconds + motion.vv * seconds ** 2 + (noise * seconds ** 3) / 3,
    pv: motion.pv + motion.vv * seconds + (noise * seconds ** 2) / 2,
    vv: motion.vv + noise * seconds
  }
}

/** The coordinate after it was measured as `measured`, with a standard deviation of `deviation`. */
export const correctMotion = (motion: Motion, measured: number, deviation: number): Motion => {
  const total = motion.pp + deviation ** 2
  const position = motion.pp / total
  const velocity = motion.pv / total
  const surprise = measured - motion.position
  return {
    position: motion.position + position * surprise,
    velocity: motion.velocity + velocity * surprise,
    pp: (1 - position) * motion.pp,
    pv: (1 - position) * motion.pv,
    vv: motion.vv - velocity * motion.pv
  }
}
