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
      className="fixed bottom-18 left-1/2 z-40 flex w-max max-w-[calc(100vw-1.5rem)] -translate-x-1/2 items-center gap-2 rounded-full border border-warn/40 bg-[#2a2210] px-4 py-2 text-warn shadow-xl shadow-black/50 sm:bottom-5"
    >
      <Icon name="offline" />
      <span>
        No connection to the server <span className="tabular">for {duration(now - connection.since)}</span>. Trying again.
      </span>
    </div>
  )
}
