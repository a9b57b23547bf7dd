import { useMutation, useQueryClient } from "@tanstack/react-query"
import { Link, useNavigate } from "@tanstack/react-router"
import { permits } from "@vigil/core/User"
import { useUser } from "../client/ClientContext.js"
import { signOut } from "../client/Session.js"
import { errorWords } from "../words/ErrorWords.js"
import { Button } from "./Button.js"
import { Popover } from "./Popover.js"

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
      <p className="mb-3 text-[13px] text-muted">{user.role}</p>
      <p className="mb-3">
        <Link to="/account" className="text-accent hover:underline">
          Your account
        </Link>
      </p>
      <p className="mb-3">
        <Link to="/settings" search={{}} className="text-accent hover:underline">
          Settings
        </Link>
      </p>
      {permits(user.role, "admin") && (
        <p className="mb-3">
          <Link to="/people" className="text-accent hover:underline">
            People
          </Link>
        </p>
      )}
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
