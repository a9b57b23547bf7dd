/** Milliseconds to wait before attempt `attempt` (0 the first): 0.5 s doubled up to 15 s, half of it by chance so that tiles spread. */
export const pause = (attempt: number, random: () => number = Math.random): number => {
  const longest = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10))
  return longest / 2 + (longest / 2) * random()
}
