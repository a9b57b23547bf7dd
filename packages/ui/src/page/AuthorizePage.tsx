import { useMutation } from "@tanstack/react-query"
import { getRouteApi } from "@tanstack/react-router"
import { allowProgram } from "../client/Account.js"
import { useUser } from "../client/ClientContext.js"
import { Button } from "../component/Button.js"
import { Notice } from "../component/Notice.js"
import { PageHead } from "../component/PageHead.js"
import { errorWords } from "../words/ErrorWords.js"

const route = getRouteApi("/shell/authorize")

const isPort = (text: string): boolean => /^\d{4,5}$/.test(text) && Number(text) >= 1024 && Number(text) <= 65_535

/** Whether the command line of this machine may sign in as whoever is signed in here. */
export const AuthorizePage = () => {
  const { challenge = "", port = "" } = route.useSearch()
  const { username } = useUser()
  const allow = useMutation({
    mutationFn: () => allowProgram(challenge),
    // To this machine alone: whoever made the link cannot be told the code.
    onSuccess: (code) => location.assign(`http://127.0.0.1:${port}/?${new URLSearchParams({ code }).toString()}`)
  })
  const isWhole = isPort(port) && /^[\w-]{43}$/.test(challenge)
  return (
    <div className="mx-auto flex max-w-xl flex-col gap-4 px-3 py-5 sm:px-5">
      <PageHead title="Command line" />
      {isWhole ? (
        <>
          <p>
            The command line of this machine wants to sign in as <b>{username}</b>, and may then do all that you may, until you
            end its session in your account.
          </p>
          <p>
            Allow it only if you have just called <code>vigil login</code> yourself.
          </p>
          {allow.isError && <Notice tone="bad" title={errorWords(allow.error)} />}
          {allow.isSuccess && <Notice tone="good" title="The command line goes on. You can close this page." />}
          <div>
            <Button tone="primary" busy={allow.isPending} disabled={allow.isSuccess} onClick={() => allow.mutate()}>
              Allow
            </Button>
          </div>
        </>
      ) : (
        <Notice tone="bad" title="This page needs the whole link that vigil login prints." />
      )}
    </div>
  )
}
