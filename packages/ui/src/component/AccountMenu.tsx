import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import { permits, type Role } from "@vigil/core/User"
import { useUser } from "../client/ClientContext.js"
import { signOut } from "../client/Session.js"
import { errorWords } from "../words/ErrorWords.js"
import { Button } from "./Button.js"
import { Popover } from "./Popover.js"

/** The pages that are not for every day, and for whom they are. */
const pages = [
  { to: "/account", label: "Your account", role: "viewer" },
  { to: "/settings", label: "Settings", role: "viewer" },
  { to: "/removed", label: "Removed", role: "supervisor" },
  { to: "/licence", label: "Licence", role: "supervisor" },
  { to: "/people", label: "People", role: "admin" },
  { to: "/audit", label: "Audit trail", role: "admin" },
  { to: "/privacy", label: "Erasure and export", role: "admin" },
  { to: "/cluster", label: "Nodes and edges", role: "admin" }
] as const satisfies ReadonlyArray<{ readonly to: string; readonly label: string; readonly role: Role }>

export const AccountMenu = () => {
  const user = useUser()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const leave = useMutation({
    mutationFn: () => signOut(queries),
    onSuccess: () => navigate({ to: "/login", search: {} })
  })
  return (
    <Popover
      label={`Account of ${user.username}`}
      trigger={
        <span className="grid size-8 place-items-center rounded-full bg-raised font-semibold uppercase">
          {user.username.slice(0, 1)}
        </span>
      }
    >
      <p className="font-medium break-all">{user.username}</p>
      <p className="mb-2 text-[13px] text-muted">{user.role}</p>
      <ul className="mb-3 border-y border-line py-1.5">
        {pages.map(
          ({ label, role, to }) =>
            permits(user.role, role) && (
              <li key={label}>
                <Link to={to} search={{}} className="-mx-2 flex min-h-9 items-center rounded-md px-2 text-accent hover:bg-hover">
                  {label}
                </Link>
              </li>
            )
        )}
      </ul>
      <Button small icon="out" busy={leave.isPending} onClick={() => leave.mutate()}>
        Sign out
      </Button>
      {leave.isError && (
        <p role="alert" className="mt-2 text-[13px] text-bad">
          {errorWords(leave.error)}
        </p>
      )}
    </Popover>
  )
}
