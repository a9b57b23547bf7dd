import { Effect } from "effect"
import { overHttp } from "../operator/Server.js"
import { CommandFailed } from "../Output.js"
import { word } from "../SourceArgument.js"

/** Names a tenant on the command line. */
export const tenantArgument = word("tenant", "The tenant: its name or its id.")

export const allTenants = overHttp((http) => http.tenants.list())

/** The tenant of that id, or of that name, upper and lower case alike. */
export const tenantNamed = (text: string) =>
  Effect.flatMap(allTenants, (tenants) => {
    const found = tenants.find(({ id, name }) => id === text.toLowerCase() || name.toLowerCase() === text.toLowerCase())
    return found === undefined
      ? Effect.fail(new CommandFailed({ detail: `there is no tenant ${text}: \`vigil tenant list\` tells which there are` }))
      : Effect.succeed(found)
  })
