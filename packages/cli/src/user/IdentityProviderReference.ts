import { Effect } from "effect"
import { overHttp } from "../operator/Server.js"
import { CommandFailed } from "../Output.js"

export const allProviders = overHttp((http) => http.identityProviders.list())

/** The identity provider of that slug. */
export const providerNamed = (slug: string) =>
  Effect.flatMap(allProviders, (providers) => {
    const found = providers.find((provider) => provider.slug === slug)
    return found === undefined
      ? Effect.fail(
          new CommandFailed({
            detail: `there is no identity provider ${slug}: \`vigil identity-provider list\` tells which there are`
          })
        )
      : Effect.succeed(found)
  })
