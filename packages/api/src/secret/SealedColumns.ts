/** Where secrets are kept in boxes, by row. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** Whom a row's box is closed for. */
  readonly owner: (id: string) => string
}

export const cameraCredentialsOwner = (id: string): string => `camera ${id} credentials`

export const cameraAddressOwner = (id: string): string => `camera ${id} address`

/** Whom the addresses are closed for that a discovery has found. */
export const discoveryOwner = (id: string): string => `discovery ${id}`

/** Whom a user's second factor is closed for. */
export const secondFactorOwner = (id: string): string => `user ${id} second factor`

export const signingKeyOwner = (id: string): string => `signing key ${id}`

/** Whom what an identity provider knows Vigil by is closed for. */
export const clientSecretOwner = (id: string): string => `identity provider ${id} client secret`

/** Every column that has boxes for long: a new one is one line. Kept answers live a day, in which the previous key still opens them. */
export const sealedColumns: ReadonlyArray<SealedColumn> = [
  { table: "cameras", column: "credentials", owner: cameraCredentialsOwner },
  { table: "cameras", column: "address", owner: cameraAddressOwner },
  { table: "discoveries", column: "sealed", owner: discoveryOwner },
  { table: "second_factors", column: "secret", owner: secondFactorOwner },
  { table: "signing_keys", column: "private_key", owner: signingKeyOwner },
  { table: "identity_providers", column: "client_secret", owner: clientSecretOwner }
]
