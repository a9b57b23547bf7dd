import type { QueryClient } from "@tanstack/react-query"
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect
} from "@tanstack/react-router"
import { secondFactorQuery } from "./client/Account.js"
import { sessionQuery } from "./client/Session.js"
import { Loading } from "./component/Loaded.js"
import { auditSearch } from "./page/AuditSearch.js"
import { cameraSearch } from "./page/CameraSearch.js"
import { eventSearch } from "./page/EventSearch.js"
import { NotFoundPage } from "./page/NotFoundPage.js"
import { settingSearch } from "./page/SettingSearch.js"
import { UnreachablePage } from "./page/UnreachablePage.js"

interface RouterContext {
  readonly queries: QueryClient
}

type Search = Readonly<Record<string, unknown>>

const text = (search: Search, key: string): string | undefined => {
  const value = search[key]
  return typeof value === "string" && value !== "" ? value : undefined
}

const root = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  errorComponent: UnreachablePage,
  notFoundComponent: NotFoundPage
})

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: (search: Search): { readonly token?: string } => {
    const token = text(search, "token")
    return token === undefined ? {} : { token }
  },
  component: lazyRouteComponent(() => import("./page/SetupPage.js"), "SetupPage")
})

interface LoginSearch {
  readonly to?: string
  /** Why an identity provider's sign-in came to nothing. */
  readonly refused?: string
  /** An identity provider that is not shown to everybody. */
  readonly provider?: string
}

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Search): LoginSearch => {
    const [to, refused, provider] = [text(search, "to"), text(search, "refused"), text(search, "provider")]
    // Only to a page of our own: never to an address that somebody put into a link.
    return {
      ...(to?.startsWith("/") && !to.startsWith("//") && !to.startsWith("/login") ? { to } : {}),
      ...(refused === undefined ? {} : { refused }),
      ...(provider === undefined ? {} : { provider })
    }
  },
  component: lazyRouteComponent(() => import("./page/LoginPage.js"), "LoginPage")
})

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: "/forgot-password",
  component: lazyRouteComponent(() => import("./page/ForgotPasswordPage.js"), "ForgotPasswordPage")
})

const newPassword = createRoute({
  getParentRoute: () => root,
  path: "/new-password",
  component: lazyRouteComponent(() => import("./page/NewPasswordPage.js"), "NewPasswordPage")
})

const secondFactor = createRoute({
  getParentRoute: () => root,
  path: "/second-factor",
  component: lazyRouteComponent(() => import("./page/SecondFactorPage.js"), "SecondFactorPage")
})

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: async ({ context, location }) => {
    const user = await context.queries.ensureQueryData(sessionQuery)
    if (user === null) redirect({ to: "/login", search: location.href === "/" ? {} : { to: location.href }, throw: true })
    const { required, since } = await context.queries.ensureQueryData(secondFactorQuery)
    // Nothing else is open to the session.
    if (required && since === null) redirect({ to: "/second-factor", throw: true })
    return { user }
  },
  component: lazyRouteComponent(() => import("./page/Shell.js"), "Shell")
})

const dashboard = createRoute({
  getParentRoute: () => shell,
  path: "/",
  validateSearch: cameraSearch,
  component: lazyRouteComponent(() => import("./page/DashboardPage.js"), "DashboardPage")
})

const newCamera = createRoute({
  getParentRoute: () => shell,
  path: "/cameras/new",
  component: lazyRouteComponent(() => import("./page/NewCameraPage.js"), "NewCameraPage")
})

const findCameras = createRoute({
  getParentRoute: () => shell,
  path: "/cameras/find",
  component: lazyRouteComponent(() => import("./page/FindCamerasPage.js"), "FindCamerasPage")
})

const places = createRoute({
  getParentRoute: () => shell,
  path: "/places",
  component: lazyRouteComponent(() => import("./page/PlacesPage.js"), "PlacesPage")
})

const camera = createRoute({
  getParentRoute: () => shell,
  path: "/cameras/$id",
  component: lazyRouteComponent(() => import("./page/CameraPage.js"), "CameraPage")
})

const editCamera = createRoute({
  getParentRoute: () => shell,
  path: "/cameras/$id/edit",
  component: lazyRouteComponent(() => import("./page/EditCameraPage.js"), "EditCameraPage")
})

const events = createRoute({
  getParentRoute: () => shell,
  path: "/events",
  validateSearch: eventSearch,
  component: lazyRouteComponent(() => import("./page/EventsPage.js"), "EventsPage")
})

const models = createRoute({
  getParentRoute: () => shell,
  path: "/models",
  component: lazyRouteComponent(() => import("./page/ModelsPage.js"), "ModelsPage")
})

const account = createRoute({
  getParentRoute: () => shell,
  path: "/account",
  component: lazyRouteComponent(() => import("./page/AccountPage.js"), "AccountPage")
})

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  validateSearch: settingSearch,
  component: lazyRouteComponent(() => import("./page/SettingsPage.js"), "SettingsPage")
})

const people = createRoute({
  getParentRoute: () => shell,
  path: "/people",
  component: lazyRouteComponent(() => import("./page/PeoplePage.js"), "PeoplePage")
})

const person = createRoute({
  getParentRoute: () => shell,
  path: "/people/$id",
  component: lazyRouteComponent(() => import("./page/PersonPage.js"), "PersonPage")
})

const removed = createRoute({
  getParentRoute: () => shell,
  path: "/removed",
  component: lazyRouteComponent(() => import("./page/RemovedPage.js"), "RemovedPage")
})

const privacy = createRoute({
  getParentRoute: () => shell,
  path: "/privacy",
  component: lazyRouteComponent(() => import("./page/PrivacyPage.js"), "PrivacyPage")
})

const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./page/AuditPage.js"), "AuditPage")
})

const licence = createRoute({
  getParentRoute: () => shell,
  path: "/licence",
  component: lazyRouteComponent(() => import("./page/LicencePage.js"), "LicencePage")
})

const cluster = createRoute({
  getParentRoute: () => shell,
  path: "/cluster",
  component: lazyRouteComponent(() => import("./page/ClusterPage.js"), "ClusterPage")
})

const cameraList = createRoute({
  getParentRoute: () => shell,
  path: "/cameras/list",
  validateSearch: cameraSearch,
  component: lazyRouteComponent(() => import("./page/CameraListPage.js"), "CameraListPage")
})

const authorize = createRoute({
  getParentRoute: () => shell,
  path: "/authorize",
  validateSearch: (search: Search): { readonly port?: string; readonly challenge?: string } => {
    const [port, challenge] = [text(search, "port"), text(search, "challenge")]
    return { ...(port === undefined ? {} : { port }), ...(challenge === undefined ? {} : { challenge }) }
  },
  component: lazyRouteComponent(() => import("./page/AuthorizePage.js"), "AuthorizePage")
})

const routeTree = root.addChildren([
  setup,
  login,
  forgotPassword,
  newPassword,
  secondFactor,
  shell.addChildren([
    dashboard,
    newCamera,
    findCameras,
    places,
    camera,
    editCamera,
    events,
    models,
    account,
    authorize,
    people,
    person,
    settings,
    removed,
    audit,
    privacy,
    licence,
    cluster,
    cameraList
  ])
])

export const makeRouter = (queries: QueryClient) =>
  createRouter({
    routeTree,
    context: { queries },
    defaultPreload: "intent",
    defaultPendingComponent: Loading,
    defaultPendingMs: 300,
    scrollRestoration: true,
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const given = Object.entries(search).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]))
      return given.length === 0 ? "" : `?${new URLSearchParams(given)}`
    }
  })

declare module "@tanstack/react-router" {
  interface Register {
    readonly router: ReturnType<typeof makeRouter>
  }
}
