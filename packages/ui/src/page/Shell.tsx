import { Link, Outlet, useLocation, useRouteContext } from "@tanstack/react-router"
import { useEffect, useRef } from "react"
import { ClientProvider } from "../client/ClientContext.js"
import { AccountMenu } from "../component/AccountMenu.js"
import { ConnectionBanner } from "../component/ConnectionBanner.js"
import { HealthPill } from "../component/HealthPill.js"
import { LicenceBanner } from "../component/LicenceBanner.js"
import { Icon, type IconName, Mark } from "../component/Icon.js"

const pages = [
  { to: "/", label: "Cameras", icon: "grid" },
  { to: "/events", label: "Events", icon: "bell" },
  { to: "/places", label: "Places", icon: "pin" },
  { to: "/models", label: "Models", icon: "cube" }
] as const satisfies ReadonlyArray<{ readonly to: string; readonly label: string; readonly icon: IconName }>

const PageLinks = ({ className }: { readonly className: string }) =>
  pages.map(({ to, label, icon }) => (
    <Link
      key={to}
      to={to}
      className={className}
      activeOptions={{ exact: to === "/", includeSearch: false }}
      activeProps={{ className: "text-ink bg-raised" }}
      inactiveProps={{ className: "text-muted hover:text-ink" }}
    >
      <Icon name={icon} />
      {label}
    </Link>
  ))

/** Leads the keyboard, and whoever reads aloud, into a page that was gone to. */
const useFocusOfPage = () => {
  const { pathname } = useLocation()
  const frame = useRef<HTMLElement>(null)
  const shown = useRef(pathname)
  useEffect(() => {
    if (shown.current === pathname) return
    shown.current = pathname
    if (frame.current?.contains(document.activeElement) !== true) frame.current?.focus({ preventScroll: true })
  }, [pathname])
  return frame
}

/** The frame of all pages of somebody who is signed in: navigation, health, connection. */
export const Shell = () => {
  const { user } = useRouteContext({ from: "/shell" })
  const main = useFocusOfPage()
  // The route leads nobody here who is not signed in; its redirect is not seen by the types.
  if (user === null) return null
  return (
    <ClientProvider user={user}>
      <div className="flex min-h-full flex-col pb-14 sm:pb-0">
        <a href="#main" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-3">
          To the content
        </a>
        <header className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b border-line bg-ground px-3 sm:px-5">
          <Link to="/" className="mr-2 flex items-center gap-2.5 sm:mr-5">
            <Mark />
            <span className="text-[17px] font-semibold tracking-tight">Vigil</span>
          </Link>
          <nav aria-label="Pages" className="hidden gap-1 sm:flex">
            <PageLinks className="flex min-h-9 items-center gap-2 rounded-md px-3 font-medium" />
          </nav>
          <div className="ml-auto flex items-center gap-2">
            <HealthPill />
            <AccountMenu />
          </div>
        </header>
        <LicenceBanner />
        <ConnectionBanner />
        <main ref={main} id="main" tabIndex={-1} className="flex-1 outline-none">
          <Outlet />
        </main>
        <nav
          aria-label="Pages"
          className="fixed inset-x-0 bottom-0 z-30 grid h-14 grid-cols-4 border-t border-line bg-ground pb-[env(safe-area-inset-bottom)] sm:hidden"
        >
          <PageLinks className="flex flex-col items-center justify-center gap-0.5 text-[11px] font-medium" />
        </nav>
      </div>
    </ClientProvider>
  )
}
