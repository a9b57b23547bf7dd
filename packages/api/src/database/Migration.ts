/**
 * A step of the database's structure. Steps are never changed once they were released, only followed by others; each runs in one
 * transaction as the login account.
 */
export interface Migration {
  readonly id: number
  readonly name: string
  readonly statements: ReadonlyArray<string>
}
