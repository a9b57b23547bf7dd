import type { Migration } from "../Migration.js"

/** They are looked for after every change of a camera, and mostly there are none. */
export const camerasOfEdges: Migration = {
  id: 28,
  name: "cameras of edges",
  statements: [`create index cameras_of_edges on cameras (id) where configuration ->> 'edge' is not null`]
}
