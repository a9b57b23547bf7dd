import type { Account } from "@vigil/core/Account"
import type { User } from "@vigil/core/User"
import { Badge } from "./Badge.js"

/** Somebody as administrators see it; the account comes a moment later. */
export interface PersonProps {
  readonly account: Account | undefined
  readonly user: User
  /** Whoever looks. */
  readonly isSelf: boolean
}

/** What is special about somebody's account; nothing of most. */
export const PersonBadges = ({ account, user, isSelf }: PersonProps) => (
  <>
    {isSelf && <Badge tone="good">you</Badge>}
    {user.disabled && <Badge tone="bad">disabled</Badge>}
    {account !== undefined && account.lock !== null && <Badge tone="warn">locked</Badge>}
    {account !== undefined && !account.hasPassword && account.providers.length === 0 && (
      <Badge tone="calm" title="A link to choose a password was sent">
        invited
      </Badge>
    )}
  </>
)
