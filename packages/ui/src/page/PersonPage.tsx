import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query"
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router"
import type { Account } from "@vigil/core/Account"
import { permits, type User } from "@vigil/core/User"
import { type FormEvent, useState } from "react"
import { accountsQuery, changeProfileOf } from "../client/Account.js"
import { useUser } from "../client/ClientContext.js"
import { changePerson, peopleQuery, removePerson } from "../client/People.js"
import { Badge } from "../component/Badge.js"
import { Confirm } from "../component/Confirm.js"
import { HistoryPanel } from "../component/HistoryPanel.js"
import { Loaded, Loading } from "../component/Loaded.js"
import { Notice } from "../component/Notice.js"
import { OnlyFor } from "../component/OnlyFor.js"
import { BackLink, PageHead } from "../component/PageHead.js"
import { PersonBadges } from "../component/PersonBadges.js"
import { PersonSignIn } from "../component/PersonSignIn.js"
import { GrantsForm } from "../form/GrantsForm.js"
import { Outcome } from "../form/Outcome.js"
import { ProfileForm } from "../form/ProfileForm.js"
import { RoleField } from "../form/RoleField.js"
import { Section } from "../form/Section.js"
import { NotFoundPage } from "./NotFoundPage.js"

const route = getRouteApi("/shell/people/$id")

const RoleForm = ({ user }: { readonly user: User }) => {
  const queries = useQueryClient()
  const [role, setRole] = useState(user.role)
  const change = useMutation({ mutationFn: () => changePerson(queries, user.id, { role }) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <form onSubmit={submit} className="flex max-w-md flex-col gap-4">
      <RoleField
        role={role}
        onChange={(chosen) => {
          change.reset()
          setRole(chosen)
        }}
      />
      <Outcome work={change} label="Change role" done={`${user.username} is ${role} now, and was signed out everywhere.`} />
    </form>
  )
}

const Leaving = ({ user }: { readonly user: User }) => {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const remove = async () => {
    await removePerson(queries, user.id)
    await navigate({ to: "/people" })
  }
  return (
    <div className="flex flex-col gap-3">
      <Confirm
        key={String(user.disabled)}
        tone={user.disabled ? "plain" : "danger"}
        label={user.disabled ? "Enable" : "Disable"}
        question={
          user.disabled
            ? `Let ${user.username} sign in again?`
            : `Sign ${user.username} out everywhere, and let nobody in by this account or its API keys?`
        }
        yes={user.disabled ? "Enable" : "Disable"}
        work={() => changePerson(queries, user.id, { disabled: !user.disabled })}
      />
      <Confirm
        icon="trash"
        label="Remove person"
        question={`Remove ${user.username} for good, with the API keys and grants?`}
        yes="Remove"
        no="Keep"
        work={remove}
      />
    </div>
  )
}

/** Nobody takes the own way in away by mistake: that is another administrator's to do. */
const Self = () => (
  <Notice tone="calm" title="This is you">
    Your password, second factor and sessions are under{" "}
    <Link to="/account" className="text-accent hover:underline">
      your account
    </Link>
    . Another administrator can change your role, disable or remove you.
  </Notice>
)

const Person = ({ account, user }: { readonly account: Account; readonly user: User }) => {
  const queries = useQueryClient()
  const isSelf = useUser().id === user.id
  // What is typed into the forms is of before.
  const [restored, setRestored] = useState(0)
  return (
    <div className="mx-auto flex max-w-3xl flex-col gap-4 px-3 py-5 sm:px-5">
      <PageHead
        back={<BackLink to="/people" label="All people" />}
        title={account.displayName ?? user.username}
        mark={
          <>
            <Badge tone="idle">{user.role}</Badge>
            <PersonBadges account={account} user={user} isSelf={isSelf} />
          </>
        }
        note={`Signs in as ${user.username}`}
      />
      {isSelf && <Self />}
      <Section title="Profile">
        <ProfileForm key={restored} account={account} onSave={(change) => changeProfileOf(queries, account, change)} />
      </Section>
      {!isSelf && (
        <Section title="Role" note="What the person may do. A change ends the person's sessions.">
          <RoleForm key={restored} user={user} />
        </Section>
      )}
      <Section title="Cameras" note="Whose pictures and events the person sees.">
        {permits(user.role, "admin") ? <p>Administrators see all cameras.</p> : <GrantsForm key={restored} user={user} />}
      </Section>
      {!isSelf && (
        <>
          <Section title="Signing in">
            <PersonSignIn account={account} />
          </Section>
          <HistoryPanel type="user" id={user.id} mayRestore onRestored={() => setRestored(restored + 1)} />
          <Section title={user.disabled ? "Enable or remove" : "Disable or remove"}>
            <Leaving user={user} />
          </Section>
        </>
      )}
    </div>
  )
}

const Found = () => {
  const { id } = route.useParams()
  const people = useQuery(peopleQuery)
  const accounts = useQuery(accountsQuery)
  return (
    <Loaded query={accounts}>
      {(profiles) => (
        <Loaded query={people}>
          {(all) => {
            const user = all.find((each) => each.id === id)
            const account = profiles.find((each) => each.id === id)
            if (user !== undefined && account !== undefined) return <Person key={id} account={account} user={user} />
            return people.isFetching || accounts.isFetching ? <Loading /> : <NotFoundPage />
          }}
        </Loaded>
      )}
    </Loaded>
  )
}

export const PersonPage = () => (
  <OnlyFor role="admin" title="Person">
    <Found />
  </OnlyFor>
)
