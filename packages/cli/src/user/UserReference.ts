import { Effect } from "effect"
import { overHttp } from "../operator/Server.js"
import { CommandFailed } from "../Output.js"

export const allUsers = overHttp((http) => http.users.list())

/** The user of that name, upper and lower case alike. */
export const userNamed = (name: string) =>
  Effect.flatMap(allUsers, (users) => {
    const found = users.find(({ username }) => username.toLowerCase() === name.toLowerCase())
    return found === undefined
      ? Effect.fail(new CommandFailed({ detail: `there is no user ${name}: \`vigil user list\` tells which there are` }))
      : Effect.succeed(found)
  })
