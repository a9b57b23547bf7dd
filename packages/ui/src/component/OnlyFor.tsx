import { permits, type Role } from "@vigil/core/User"
import type { ReactNode } from "react"
import { useUser } from "../client/ClientContext.js"
import { Notice } from "./Notice.js"
import { PageHead } from "./PageHead.js"

const names: Readonly<Record<Role, string>> = {
  admin: "administrators",
  supervisor: "supervisors and administrators",
  operator: "operators, supervisors and administrators",
  viewer: "everybody"
}

/** A page, or to those whose role is less, for whom it is. */
export const OnlyFor = ({
  role,
  title,
  children
}: {
  readonly role: Role
  /** Of the page, where it is not shown. */
  readonly title: string
  readonly children: ReactNode
}) =>
  permits(useUser().role, role) ? (
    children
  ) : (
    <div className="mx-auto flex max-w-3xl flex-col p-3 sm:p-5">
      <PageHead title={title} />
      <Notice tone="warn" title={`This page is for ${names[role]}.`}>
        Whoever manages the accounts here can give you another role.
      </Notice>
    </div>
  )
