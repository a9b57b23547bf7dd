import type { Migration } from "../Migration.js"

export const sealedAddresses: Migration = {
  id: 25,
  name: "secrets in addresses",
  // Cameras that are there already are sealed when a node starts (`secret/SealAddresses.ts`): the database does not know the key.
  statements: [
    `alter table cameras add column address bytea`,
    `alter table discoveries add column sealed bytea`,
    // What was found is found again. Row-level security holds for the table's owner too.
    `set local role vigil_system`,
    `delete from discoveries`,
    `reset role`
  ]
}
