import { useQuery } from "@tanstack/react-query"
import { Link } from "@tanstack/react-router"
import { permits } from "@vigil/core/User"
import { useUser } from "../client/ClientContext.js"
import { licenceQuery } from "../client/Licence.js"
import { sentence } from "../words/Sentence.js"
import { Icon } from "./Icon.js"

/** Tells administrators, on every page, that the licence ends, has ended or does not suffice. */
export const LicenceBanner = () => {
  const isFor = permits(useUser().role, "admin")
  const standing = useQuery({ ...licenceQuery, enabled: isFor }).data
  if (!isFor || standing === undefined || standing.warning === null) return null
  const isOver = standing.status === "expired" || standing.status === "exceeded"
  return (
    <div
      role="status"
      data-testid="licence-banner"
      className={`flex items-start gap-2.5 border-b px-3 py-2 sm:px-5 ${isOver ? "border-bad/40 bg-bad/10 text-bad" : "border-warn/40 bg-warn/10 text-warn"}`}
    >
      <span className="mt-0.5">
        <Icon name="alert" />
      </span>
      <p className="min-w-0 break-words">
        {sentence(standing.warning)}{" "}
        <Link to="/licence" className="whitespace-nowrap text-ink underline">
          The licence
        </Link>
      </p>
    </div>
  )
}
