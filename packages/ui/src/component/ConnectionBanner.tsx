import { useClient } from "../client/ClientContext.js"
import { useStore } from "../client/Store.js"
import { duration } from "../words/TimeWords.js"
import { useNow } from "./Clock.js"
import { Icon } from "./Icon.js"

/** Milliseconds for which a lost connection is not worth a banner. */
const patience = 800

/** Says when what the page shows is no longer live. */
export const ConnectionBanner = () => {
  const connection = useStore(useClient().connection)
  const now = useNow()
  if (connection._tag !== "Offline" || now - connection.since < patience) return null
  return (
    <div
      role="alert"
      className="sticky top-14 z-20 flex items-center justify-center gap-2 border-b border-warn/40 bg-[#2a2210] px-4 py-2 text-warn"
    >
      <Icon name="offline" />
      <span>
        No connection to the server <span className="tabular">for {duration(now - connection.since)}</span>. Trying again.
      </span>
    </div>
  )
}
