/**
 * Goes round many things, a part of them at a time: each call answers those whose turn it is, and each has its turn once in `turns` calls. What comes
 * meanwhile is there from the next round on; what went may still be answered in this one.
 */
export const makeRounds = <A>(items: () => Iterable<A>, turns: number): (() => ReadonlyArray<A>) => {
  let round: ReadonlyArray<A> = []
  let turn = 0
  return () => {
    const part = turn++ % turns
    if (part === 0) round = [...items()]
    return round.filter((_, index) => index % turns === part)
  }
}
